import MTACore
import MTATLS
import NIOCore
import NIOPosix

/// One session at a time, again and again: takes a turn, opens a connection where there is none, sends the mail, and says QUIT when the
/// connection had its number of mails.
///
/// All state is touched on `loop` only: that is what `@unchecked` promises.
final class BenchSlot: @unchecked Sendable {
  private let plan: BenchPlan
  private let mail: BenchMail
  private let turns: BenchTurns
  private let loop: any EventLoop
  private let tls: TLSContext?
  private let done: EventLoopPromise<BenchTally>
  private var tally = BenchTally()
  /// The mail that is to be sent, or is being sent.
  private var turn: BenchTurns.Turn?
  private var connection: BenchConnection?
  /// Mails of this connection.
  private var served = 0
  /// The next step, where it is not taken at once: there is one at a time.
  private var appointment: Scheduled<Void>?

  /// How long it waits before it tries again to get a connection.
  private static let pause = TimeAmount.milliseconds(100)

  init(
    _ plan: BenchPlan, _ mail: BenchMail, _ turns: BenchTurns, on loop: any EventLoop, tls: TLSContext?
  ) {
    self.plan = plan
    self.mail = mail
    self.turns = turns
    self.loop = loop
    self.tls = tls
    done = loop.makePromise()
  }

  /// Runs until there are no more turns.
  func run() async throws -> BenchTally {
    loop.execute { self.next() }
    return try await done.futureResult.get()
  }

  private func next() {
    if turn == nil { turn = turns.take(now: .now) }
    guard let turn else {
      guard let connection else { return done.succeed(tally) }
      return connection.finish()
    }
    if served >= plan.mailsPerSession, let connection { return connection.finish() }
    if let due = turn.due, due > .now {
      later(TimeAmount(ContinuousClock.now.duration(to: due))) { $0.begin() }
    } else {
      begin()
    }
  }

  private func later(_ delay: TimeAmount = .zero, _ step: @escaping @Sendable (BenchSlot) -> Void) {
    appointment?.cancel()
    appointment = loop.scheduleTask(in: delay) { step(self) }
  }

  private func begin() {
    guard let turn else { return next() }
    guard let connection else { return open() }
    connection.send(
      plan.transaction(turn.number), mail.pieces(turn.number, size: plan.size(of: turn.number)))
  }

  private func open() {
    served = 0
    let connection = BenchConnection(self, plan, tls: tls)
    self.connection = connection
    do {
      let address = try SocketAddress(ipAddress: plan.address.description, port: Int(plan.port))
      let isImplicit = plan.protection == .implicit
      ClientBootstrap(group: loop).connectTimeout(TimeAmount(plan.patience))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if isImplicit { try pipeline.addHandler(connection.handshaker()) }
            try pipeline.addHandler(connection)
          }
        }
        .connect(to: address).assumeIsolated().whenFailure { error in
          let reason = (error as? IOError).map { "\($0)" } ?? "\(error)"
          self.lost(connection, before: .connect(reason))
        }
    } catch {
      lost(connection, before: .connect("\(error)"))
    }
  }

  // MARK: what the connection tells

  func opened(after time: Duration) {
    tally.openings.add(time)
    begin()
  }

  /// - Parameter time: since MAIL.
  func settled(_ results: [RecipientResult], after time: Duration) {
    guard let turn else { return }
    let taken = results.count { $0.outcome == .delivered }
    for result in results where result.outcome != .delivered { tally.count(fault: result) }
    if taken > 0 {
      tally.taken += 1
      tally.octets += plan.size(of: turn.number)
      tally.recipientsRefused += results.count - taken
      // From when it was due: a server that is too slow for the rate is not measured as a fast one.
      let wait = turn.due.map { $0.duration(to: .now) }
      tally.mails.add(max(time, wait ?? time))
    } else {
      tally.failed += 1
    }
    end(isTaken: taken > 0)
  }

  /// Ready for the next mail. Not at once: a mail may be settled before a word is said of it, and the one behind it, too.
  func goOn() { later { $0.next() } }

  /// The server took no mail, and said nothing of the one whose turn it is.
  func refused(_ trouble: DeliveryTrouble) {
    guard turn != nil else { return }
    tally.failed += 1
    tally.count(fault: trouble)
    end(isTaken: false)
  }

  private func end(isTaken: Bool) {
    turn = nil
    served += 1
    turns.settle(isTaken: isTaken)
  }

  /// - Parameter hasServed: it was ready for a mail once.
  func closed(_ connection: BenchConnection, hasServed: Bool) {
    guard self.connection === connection else { return }
    self.connection = nil
    if hasServed { return later { $0.next() } }
    // A server that takes no connection is not asked at once again.
    later(Self.pause) { $0.next() }
  }

  private func lost(_ connection: BenchConnection, before trouble: DeliveryTrouble) {
    guard self.connection === connection else { return }
    refused(trouble)
    closed(connection, hasServed: false)
  }
}
