package import MTACore
package import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// The receiver's end of the way to the queue process: a store (``LinkStore``), a desk (``LinkDesk``), and questions.
///
/// The queue process may go and come back: ``connect(_:)`` gives the client another socket. Meanwhile commits wait, and are then sent
/// again.
package final class LinkClient: Sendable {
  let configuration: Configuration
  let room: SpoolRoom
  /// Whether the queue process wants the lines of dialogues.
  package let follows = DialogueSwitch()
  private let state = NIOLockedValueBox(State())
  private let lastNumber = NIOLockedValueBox<UInt64>(0)

  fileprivate struct State {
    var socket: LinkSocket?
    /// The queue process said its hello on this socket.
    var isReady = false
    var isClosed = false
    var capabilities: DeliveryCapabilities = []
    var pending: [UInt64: Pending] = [:]
    var whenReady: [CheckedContinuation<Void, Never>] = []
    /// Connections that the desk let in. Told again to a desk that begins anew.
    var held: [Connection: Int] = [:]
    /// Lines of dialogues that were dropped, and not told of yet.
    var lostLines: UInt64 = 0
    /// Requests of the socket without an answer, and those of them that wait in its outbox.
    var underWay = LinkTraffic()
    /// Connections that may be let in and told of afterwards.
    var ahead = EntriesAhead()
    /// What waits in the outbox will be sent soon.
    var isFlushDue = false
  }

  struct Connection: Hashable {
    var address: IPAddress
    var isFrontEnd: Bool
  }

  /// A request without an answer yet.
  struct Pending: Sendable {
    var message: Outgoing
    /// Called once: with the answer, or with nil if there will be none.
    let finish: @Sendable (LinkMessage?) -> Void
    var isSent = false
  }

  /// A request as it is sent.
  struct Outgoing: Sendable {
    var frame: ByteBuffer
    /// Content that follows the frame, from where it lies.
    var content: ByteBuffer?
    var passed: OwnedDescriptor?
    /// Where the frame says whether it was sent before; nil of a question, which is not sent twice.
    var resentMark: Int?

    var kind: LinkTraffic.Kind { resentMark == nil ? (isShort ? .short : .long) : .commit }
    /// A question that the queue process answers at once.
    var isShort = false
  }

  package init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    room = SpoolRoom(limit: configuration.maximumContent)
  }

  deinit { state.withLockedValue { $0.socket }?.close() }

  package var store: LinkStore { LinkStore(client: self) }
  package var desk: LinkDesk { LinkDesk(client: self) }

  /// What the queue's store keeps with a mail; nothing before the first hello.
  package var capabilities: DeliveryCapabilities { state.withLockedValue { $0.capabilities } }

  /// Uses this socket from now on, and ends the one before. What waits for an answer is sent again.
  ///
  /// - Parameter descriptor: of a connected stream socket. The client closes it.
  package func connect(_ descriptor: Int32) {
    let socket = LinkSocket(descriptor, limits: LinkLimits.ofQueue)
    let (before, lost) = state.withLockedValue { state -> (LinkSocket?, Lost?) in
      if state.isClosed { return (nil, nil) }
      let before = state.socket
      let lost = state.lose()
      follows.turn(false)
      state.socket = socket
      return (before, lost)
    }
    guard let lost else { return socket.close() }
    before?.close()
    settle(lost)
    socket.send(LinkMessage.hello(version: LinkVersion.current).frame(0))
    socket.start(
      on: configuration.loop,
      receive: { [weak self] (frames) throws(LinkFault) in try self?.receive(frames, from: socket) },
      ended: { [weak self] fault in self?.ended(socket, fault) })
  }

  /// Returns when the queue process has said its hello, or when the client is closed.
  package func untilReady() async {
    await withCheckedContinuation { continuation in
      let isNow = state.withLockedValue { state in
        if state.isReady || state.isClosed { return true }
        state.whenReady.append(continuation)
        return false
      }
      if isNow { continuation.resume() }
    }
  }

  /// Ends the link for good. What waits gets no answer.
  package func close() {
    let (socket, pending, waiting) = state.withLockedValue { state in
      state.isClosed = true
      state.isReady = false
      follows.turn(false)
      defer { (state.socket, state.pending, state.whenReady) = (nil, [:], []) }
      return (state.socket, state.pending, state.whenReady)
    }
    socket?.flush()
    socket?.close()
    for request in pending.values { request.finish(nil) }
    for continuation in waiting { continuation.resume() }
  }

  // MARK: Requests

  /// A number for a request.
  func takeNumber() -> UInt64 {
    lastNumber.withLockedValue { number in
      number &+= 1
      return number
    }
  }

  /// Sends a request, at once or when the queue process is back. After `patience` without it, there is no answer.
  func ask(
    _ number: UInt64, _ message: Outgoing, patience: Duration, _ finish: @escaping @Sendable (LinkMessage?) -> Void
  ) {
    let (socket, waits, isClosed) = state.withLockedValue { state -> (LinkSocket?, Bool, Bool) in
      if state.isClosed { return (nil, false, true) }
      let socket = state.isReady ? state.socket : nil
      state.pending[number] = Pending(message: message, finish: finish, isSent: socket != nil)
      // In the order of the numbers' sending, which a socket that comes meanwhile must not overtake.
      socket?.enqueue(message)
      return (socket, socket != nil && state.underWay.began(number, message.kind), false)
    }
    if isClosed { return finish(nil) }
    guard let socket else { return expire([number], after: patience) }
    if !waits { socket.flush() }
  }

  /// Sends a message without an answer. It is lost while the queue process is away.
  func tell(_ message: LinkMessage) {
    let socket = state.withLockedValue { state -> LinkSocket? in
      guard state.isReady, let socket = state.socket else { return nil }
      socket.enqueue(message.frame(0))
      return state.underWay.isEmpty ? socket : nil
    }
    socket?.flush()
  }

  /// Sends a message without an answer, with the next that is sent, or a moment later. It is lost while the queue process is away.
  func tellSoon(_ message: LinkMessage) {
    let (socket, isFirst) = state.withLockedValue { $0.leave(message) }
    if let socket { flushSoon(socket, isFirst) }
  }

  /// Sends what would go with the next message.
  package func flush() { state.withLockedValue { $0.socket }?.flush() }

  private func flushSoon(_ socket: LinkSocket, _ isFirst: Bool) {
    guard let loop = configuration.loop else { return socket.flush() }
    guard isFirst else { return }
    loop.scheduleTask(in: Self.moment) { [weak self] in
      let socket = self?.state.withLockedValue { state in
        state.isFlushDue = false
        return state.socket
      }
      socket?.flush()
    }
  }

  /// A client need not notice that it is still counted for so long.
  private static var moment: TimeAmount { .milliseconds(5) }

  /// Lets a connection in that the desk has allowed before, and tells of it.
  func enterAhead(_ connection: Connection) -> Bool {
    let (socket, isFirst) = state.withLockedValue { state -> (LinkSocket?, Bool) in
      guard state.isReady, state.ahead.take(connection.address) else { return (nil, false) }
      state.held[connection, default: 0] += 1
      return state.leave(.enter(connection.address, isFrontEnd: connection.isFrontEnd))
    }
    guard let socket else { return false }
    flushSoon(socket, isFirst)
    return true
  }

  func mayEnter(_ address: IPAddress, _ count: Int, since begin: MonotonicInstant) {
    state.withLockedValue { $0.ahead.allow(address, count, since: begin) }
  }

  /// The next connection of this client asks.
  func askAgain(of address: IPAddress) { state.withLockedValue { $0.ahead.forget(address) } }

  /// Tells of a line of a dialogue, while the queue process wants it. Where much waits to be sent, it is dropped: mail goes first.
  package func tell(_ line: TracedLine) {
    let socket = state.withLockedValue { state -> LinkSocket? in
      guard state.isReady, let socket = state.socket, follows.isOn else { return nil }
      guard socket.hasRoom else {
        state.lostLines += 1
        return nil
      }
      socket.enqueue(LinkMessage.dialogue(line, lost: state.lostLines).frame(0))
      state.lostLines = 0
      return state.underWay.isEmpty ? socket : nil
    }
    socket?.flush()
  }

  func changeHeld(_ connection: Connection, by step: Int) {
    state.withLockedValue { state in
      let count = (state.held[connection] ?? 0) + step
      state.held[connection] = count > 0 ? count : nil
    }
  }

  /// Ends requests that are not sent when the time is over.
  private func expire(_ numbers: [UInt64], after patience: Duration) {
    guard !numbers.isEmpty else { return }
    Task { [weak self, sleep = configuration.sleep] in
      if patience > .zero { try? await sleep(patience) }
      guard let self else { return }
      let late = state.withLockedValue { state in
        numbers.compactMap { number -> Pending? in
          guard state.pending[number]?.isSent == false else { return nil }
          return state.pending.removeValue(forKey: number)
        }
      }
      for request in late { request.finish(nil) }
    }
  }

  // MARK: Answers

  private func receive(_ frames: [LinkFrame], from socket: LinkSocket) throws(LinkFault) {
    for frame in frames {
      let message = try LinkMessage(frame)
      if case .welcome(let version, let capabilities) = message {
        guard version == LinkVersion.current else {
          throw LinkFault("the queue process speaks version \(version), this one \(LinkVersion.current)")
        }
        welcomed(by: socket, capabilities)
        continue
      }
      if case .follow(let isOn) = message {
        state.withLockedValue { if $0.socket === socket { follows.turn(isOn) } }
        continue
      }
      let request = state.withLockedValue { state -> Pending? in
        // A queue process that is replaced may still tell of what is durable; anything else, the next one decides.
        guard state.socket === socket || message == .receipt else { return nil }
        if state.socket === socket { state.underWay.ended(frame.number) }
        // One that was given up meanwhile is gone.
        return state.pending.removeValue(forKey: frame.number)
      }
      request?.finish(message)
    }
    // What waited for these answers.
    socket.flush()
  }

  /// Sends what waits, and tells of connections.
  private func welcomed(by socket: LinkSocket, _ capabilities: DeliveryCapabilities) {
    let waiting = state.withLockedValue { state -> [CheckedContinuation<Void, Never>] in
      guard state.socket === socket, !state.isReady else { return [] }
      state.isReady = true
      state.capabilities = capabilities
      for (connection, count) in state.held {
        let frame = LinkMessage.enter(connection.address, isFrontEnd: connection.isFrontEnd).frame(0)
        for _ in 0..<count { socket.enqueue(frame) }
      }
      for number in state.pending.keys.sorted() {
        state.pending[number]?.isSent = true
        guard let message = state.pending[number]?.message else { continue }
        socket.enqueue(message)
        _ = state.underWay.began(number, message.kind)
      }
      defer { state.whenReady = [] }
      return state.whenReady
    }
    socket.flush()
    for continuation in waiting { continuation.resume() }
  }

  private func ended(_ socket: LinkSocket, _ fault: LinkFault?) {
    let lost = state.withLockedValue { state -> Lost? in
      guard state.socket === socket else { return nil }
      follows.turn(false)
      return state.lose()
    }
    if let fault { configuration.notice("the link to the queue process ended: \(fault)") }
    if let lost { settle(lost) }
  }

  /// The queue process is away. Questions get no answer; commits wait.
  private func settle(_ lost: Lost) {
    for request in lost.unanswered { request.finish(nil) }
    expire(lost.waiting, after: configuration.commitPatience)
  }

  /// What was sent over a socket that is no more.
  fileprivate struct Lost {
    var unanswered: [Pending] = []
    var waiting: [UInt64] = []
  }
}

extension LinkClient.State {
  /// Puts a message into the outbox.
  ///
  /// - Returns: the socket, and whether nobody is about to send what waits; no socket while the queue process is away.
  fileprivate mutating func leave(_ message: LinkMessage) -> (LinkSocket?, Bool) {
    guard isReady, let socket else { return (nil, false) }
    socket.enqueue(message.frame(0))
    defer { isFlushDue = true }
    return (socket, !isFlushDue)
  }

  /// Gives the socket up, in one step with what was sent over it: the next socket must find it unsent.
  fileprivate mutating func lose() -> LinkClient.Lost {
    (socket, isReady, underWay) = (nil, false, LinkTraffic())
    ahead = EntriesAhead()
    var lost = LinkClient.Lost()
    for (number, request) in pending where request.isSent {
      if let mark = request.message.resentMark {
        pending[number]?.isSent = false
        // The next queue process must look whether the mail is there.
        pending[number]?.message.frame.setInteger(1 as UInt8, at: mark)
        lost.waiting.append(number)
      } else {
        lost.unanswered.append(request)
        pending[number] = nil
      }
    }
    return lost
  }
}

extension LinkSocket {
  fileprivate func enqueue(_ message: LinkClient.Outgoing) {
    enqueue(message.frame, passing: message.passed, then: message.content)
  }
}
