import MTASystem

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

  init(_ socket: MessageSocket) {
    self.socket = socket
    (messages, ring) = AsyncStream.makeStream(of: Message.self)
  }

  /// Listens, on a thread of its own.
  func open() {
    startThread { [socket, ring] in
      while let message = socket.receive() {
        if let word = MasterWord(message.bytes) { ring.yield(Message(word: word, descriptor: message.descriptor)) }
      }
      ring.yield(Message(word: .stop, descriptor: nil))
    }
  }

  /// As if the master said it: by a signal, or by the program.
  func stop() { ring.yield(Message(word: .stop, descriptor: nil)) }

  func say(_ counts: ServiceCounts) { socket.send(counts.bytes) }

  func say(_ word: ChildWord, passing descriptor: Int32? = nil) { socket.send(word.bytes, passing: descriptor) }
}
