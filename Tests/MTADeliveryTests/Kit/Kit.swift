import Logging
import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import Testing

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension Envelope {
  static func test(
    _ id: String, from: String = "<s@sender.example>", to recipients: [String], _ delivery: DeliveryKind = .remote,
    at now: Timestamp, isSubmission: Bool = false
  ) -> Envelope {
    Envelope(
      id: MailID(id)!, reversePath: ReversePath(from)!,
      recipients: recipients.map {
        EnvelopeRecipient(
          Mailbox($0)!, client: delivery == .remote ? nil : ClientRecord(mailboxID: $0, delivery: delivery))
      }, isSubmission: isSubmission, receivedAt: now)
  }
}

/// A queue, a zone, a clock and a runner between them.
struct Setup {
  var queue = VolatileStore()
  var clock = ManualClock()
  var zone = LiteralZone()
  var configuration = QueueRunner.Configuration(serverName: "us.example")
  var signer: (any MailSigner)?
  var files = DurableFiles()
  let log = LogBook()

  init(remotePort: UInt16 = 25) {
    configuration.remoteSMTPPort = remotePort
    configuration.ignoreTargets = []
    configuration.timeouts.connect = .seconds(20)
  }

  var runner: QueueRunner {
    get throws {
      try QueueRunner(
        queue: queue, dns: zone, configuration: configuration, signer: signer, clock: clock, files: files,
        logger: log.logger)
    }
  }

  /// One run over what is due comes to this.
  func expectRun(_ expected: RunSummary, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let summary = try await runner.runOnce()
    #expect(summary == expected, sourceLocation: sourceLocation)
  }
}

extension Setup {
  /// The TLS policies of the attempts so far, in order.
  var policies: [String] {
    log.lines.filter { $0.metadata["status"] != nil }.compactMap { $0.metadata["policy"].map { "\($0)" } }
  }
}

extension VolatileStore {
  /// How far each recipient's copy has come and what was said of it last: `state message`.
  var outcomes: [String: String] {
    Dictionary(
      parcels.map { ("\($0.parcel.recipient.mailbox)", "\($0.state) \($0.result?.message ?? "")") },
      uniquingKeysWith: { $1 })
  }
}

extension DomainTable {
  /// A table of these entries, every key a pattern.
  init(_ entries: [String: Value]) {
    self.init()
    for (pattern, value) in entries { if !set(value, for: pattern) { Issue.record("\(pattern) is no pattern") } }
  }
}
