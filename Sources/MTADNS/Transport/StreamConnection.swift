import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// One TCP connection to a name server, and the queries that wait on it. Answers may come in any order (RFC 7766 §6.2.1.1).
///
/// It ends after an idle time, when the server ends it, when a query on it timed out (and the others are done), or when the server
/// sends an answer without a question.
final class StreamConnection: Sendable {
  struct Waiter: Sendable {
    let accepts: @Sendable ([UInt8]) -> Bool
    let answer: EventLoopPromise<[UInt8]>
  }

  private struct State {
    /// By the id of the query.
    var waiters: [UInt16: Waiter] = [:]
    /// Whether it takes no more queries.
    var isRetired = false
    /// The number of answers in a row without a waiter.
    var strays = 0
    var idleTimer: Scheduled<Void>?
  }

  /// This number of answers without a waiter counts as late ones.
  private static let tolerance = 16

  let loop: any EventLoop
  private let channel: EventLoopPromise<any Channel>
  private let idleTime: Duration
  private let state = NIOLockedValueBox(State())

  init(on loop: any EventLoop, idleTime: Duration) {
    self.loop = loop
    channel = loop.makePromise()
    self.idleTime = idleTime
  }

  /// The number of waiting queries; nil if no more are taken.
  var load: Int? { state.withLockedValue { $0.isRetired ? nil : $0.waiters.count } }

  /// Lets `waiter` wait for the answer to the query `id`. False if the connection takes no more queries, or if the id is in use (RFC
  /// 7766 §6.2.1: ids of queries under way must differ).
  func enlist(_ waiter: Waiter, _ id: UInt16) -> Bool {
    let (isEnlisted, timer) = state.withLockedValue { state -> (Bool, Scheduled<Void>?) in
      guard !state.isRetired, state.waiters[id] == nil else { return (false, nil) }
      state.waiters[id] = waiter
      defer { state.idleTimer = nil }
      return (true, state.idleTimer)
    }
    timer?.cancel()
    return isEnlisted
  }

  /// Sends the packet of an enlisted query, now or once the connection is made. Length and packet are sent together (RFC 7766 §8).
  func send(_ packet: [UInt8]) {
    channel.futureResult.whenSuccess { channel in
      var bytes = channel.allocator.buffer(capacity: packet.count + 2)
      bytes.writeInteger(UInt16(truncatingIfNeeded: packet.count))
      bytes.writeBytes(packet)
      channel.writeAndFlush(bytes).whenFailure { _ in self.end() }
    }
  }

  /// The query is over.
  /// - Parameter isSuspect: the server was silent, so later queries use another connection.
  func leave(_ id: UInt16, isSuspect: Bool) {
    let closes = state.withLockedValue { state -> Bool in
      state.waiters[id] = nil
      if isSuspect { state.isRetired = true }
      guard state.waiters.isEmpty else { return false }
      if !state.isRetired, idleTime > .zero {
        state.idleTimer?.cancel()
        state.idleTimer = loop.scheduleTask(in: TimeAmount(idleTime)) { self.endIfIdle() }
        return false
      }
      state.isRetired = true
      return true
    }
    if closes { close() }
  }

  /// A whole packet came.
  func receive(_ packet: [UInt8]) {
    guard packet.count >= 2 else { return end() }
    let id = UInt16(packet[0]) << 8 | UInt16(packet[1])
    let (waiter, strays) = state.withLockedValue { state -> (Waiter?, Int) in
      guard let waiter = state.waiters[id] else {
        state.strays += 1
        return (nil, state.strays)
      }
      state.strays = 0
      return (waiter, 0)
    }
    if let waiter {
      // RFC 7766 §7: an answer has the id and the question of its query.
      guard waiter.accepts(packet) else { return end() }
      waiter.answer.succeed(packet)
    } else if strays > Self.tolerance {
      end()
    }
  }

  /// The connection is made, or failed.
  func opened(_ result: Result<any Channel, any Error>) {
    channel.completeWith(result)
    if case .failure = result { end() }
  }

  /// Tells all waiters that the server cannot be reached.
  func end() {
    let (waiters, timer) = state.withLockedValue { state in
      state.isRetired = true
      defer {
        state.waiters = [:]
        state.idleTimer = nil
      }
      return (state.waiters.values, state.idleTimer)
    }
    timer?.cancel()
    for waiter in waiters { waiter.answer.fail(DNSTransportFault.unreachable) }
    close()
  }

  private func endIfIdle() {
    let isIdle = state.withLockedValue { state in
      guard state.waiters.isEmpty else { return false }
      state.isRetired = true
      return true
    }
    if isIdle { close() }
  }

  private func close() { channel.futureResult.whenSuccess { $0.close(promise: nil) } }
}

/// Cuts the TCP stream of a name server into packets (RFC 1035 §4.2.2): two octets of length come before each.
final class StreamReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let connection: StreamConnection
  /// At most one packet, and what came with its end.
  private var gathered = ByteBuffer()

  init(_ connection: StreamConnection) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    gathered.writeBuffer(&bytes)
    while let packet = gathered.readLengthPrefixedSlice(as: UInt16.self) {
      connection.receive(Array(packet.readableBytesView))
    }
    gathered.discardReadBytes()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.end()
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { connection.end() }
}
