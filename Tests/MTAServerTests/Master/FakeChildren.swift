import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers

@testable import MTAServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A child that is no process: the test says and hears what it would.
final class FakeChild: Sendable, RunningProcess {
  let role: ProcessRole
  let place: Int
  let generation: Int
  let id: Int32
  let hasLink: Bool
  let hasLock: Bool
  let line: MasterLine
  private let socket: MessageSocket
  private let end = NIOLockedValueBox<(end: ChildEnd?, body: (@Sendable (ChildEnd) -> Void)?)>((nil, nil))

  init(
    _ role: ProcessRole, _ place: Int, _ generation: Int, _ id: Int32, _ socket: MessageSocket, hasLink: Bool,
    hasLock: Bool
  ) {
    (self.role, self.place, self.generation, self.id) = (role, place, generation, id)
    (self.socket, self.hasLink, self.hasLock) = (socket, hasLink, hasLock)
    line = MasterLine(socket)
    line.open()
  }

  func signal(_ number: Int32) { die(.signalled(number)) }

  func onEnd(_ body: @escaping @Sendable (ChildEnd) -> Void) {
    let end = end.withLockedValue { state -> ChildEnd? in
      if state.end == nil { state.body = body }
      return state.end
    }
    if let end { body(end) }
  }

  func die(_ end: ChildEnd = .exited(0)) {
    socket.hangUp()
    let body = self.end.withLockedValue { state in
      state.end = end
      return state.body
    }
    body?(end)
  }

  /// The next words of the master.
  func hears(_ count: Int = 1) async -> [MasterWord] {
    var words: [MasterWord] = []
    if count == 0 { return words }
    for await message in line.messages {
      words.append(message.word)
      if words.count == count { break }
    }
    return words
  }
}

/// Starts fakes, and hands them to the test in order.
final class FakeStarter: ChildStarting {
  let started: AsyncStream<FakeChild>
  private let ring: AsyncStream<FakeChild>.Continuation
  private let count = NIOLockedValueBox<Int32>(1000)

  init() { (started, ring) = AsyncStream.makeStream(of: FakeChild.self) }

  func start(
    _ role: ProcessRole, _ place: Int, of generation: Generation, link: OwnedDescriptor?, lock: OwnedDescriptor?
  ) throws(StartFailure) -> Child {
    guard let (ours, theirs) = MessageSocket.pair() else { throw StartFailure("no sockets") }
    let id = count.withLockedValue { count in
      count += 1
      return count
    }
    let fake = FakeChild(
      role, place, generation.number, id, MessageSocket(theirs), hasLink: link != nil, hasLock: lock != nil)
    ring.yield(fake)
    return Child(
      role, generation: generation.number, place: place, process: fake, control: MessageSocket(ours))
  }

  func next() async -> FakeChild {
    for await child in started { return child }
    preconditionFailure("the stream never ends")
  }
}
