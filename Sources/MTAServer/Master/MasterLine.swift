import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A child's line to the master: what it is told, and what it says.
final class MasterLine: Sendable {
  struct Message: Sendable {
    let word: MasterWord
    let descriptor: OwnedDescriptor?
  }

  /// Ends with ``MasterWord/stop``, at the latest when the master is gone.
  let messages: AsyncStream<Message>
  private let ring: AsyncStream<Message>.Continuation
  private let socket: MessageSocket
  private let questions = OpenQuestions()

  init(_ socket: MessageSocket) {
    self.socket = socket
    (messages, ring) = AsyncStream.makeStream(of: Message.self)
  }

  /// Listens, on a thread of its own.
  ///
  /// - Parameter life: a pipe that ends with the master. With it the end of the line is no word to stop: it was an acceptor's, and another
  ///   acceptor takes the next connections.
  func open(life: Int32? = nil) {
    startThread { [socket, ring, questions] in
      while let message = socket.receive() {
        if let word = MasterWord(message.bytes) {
          ring.yield(Message(word: word, descriptor: message.descriptor))
        } else if let answer = MasterAnswer(message.bytes, message.descriptor) {
          questions.give(answer)
        }
      }
      if let life { Self.awaitEnd(of: life) }
      ring.yield(Message(word: .stop, descriptor: nil))
    }
  }

  /// Nobody writes into it: what comes is the end.
  private static func awaitEnd(of pipe: Int32) {
    var waiting = pollfd(fd: pipe, events: 0, revents: 0)
    while waiting.revents == 0 { if poll(&waiting, 1, -1) < 0, errno != EINTR { return } }
  }

  /// As if the master said it: by a signal, or by the program.
  func stop() { ring.yield(Message(word: .stop, descriptor: nil)) }

  /// Nil if the master does not answer in time.
  func ask(_ question: ChildQuestion) async -> MasterAnswer? {
    await questions.ask(question) { socket.send(question.bytes) }
  }

  func say(_ counts: ServiceCounts) { socket.send(counts.bytes) }

  func say(_ word: ChildWord, passing descriptor: Int32? = nil) { socket.send(word.bytes, passing: descriptor) }
}
