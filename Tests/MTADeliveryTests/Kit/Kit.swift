import Logging
import MTACore
import MTADelivery
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// A zone written down; what is not in it does not exist.
struct LiteralZone: DNSLookup {
  var records: [String: [DNSRecordType: DNSAnswer]] = [:]

  mutating func add(mx hosts: [(UInt16, String)], of name: String) {
    let records = hosts.map { preference, host in
      DNSRecord(
        DNSName(name)!, ttl: 60,
        .mailExchanger(preference: preference, exchange: host == "." ? .root : DNSName(host)!))
    }
    self.records[name, default: [:]][.mx] = .records(records, authenticated: false)
  }

  mutating func add(address: String, of name: String) {
    let address = IPAddress(address)!
    let type = if case .v4 = address { DNSRecordType.a } else { DNSRecordType.aaaa }
    records[name, default: [:]][type] = .records(
      [DNSRecord(DNSName(name)!, ttl: 60, .address(address))], authenticated: false)
  }

  mutating func add(failure: DNSFailure, of name: String) {
    for type in DNSRecordType.allCases { records[name, default: [:]][type] = .failure(failure) }
  }

  func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    guard let types = records[name.description] else { return .noSuchName }
    return types[type] ?? .noSuchType
  }
}

/// A clock that is turned by hand.
final class HandClock: WallClock {
  private let time = NIOLockedValueBox(Timestamp(milliseconds: 1_800_000_000_000))
  var now: Timestamp { time.withLockedValue { $0 } }
  func advance(_ duration: Duration) { time.withLockedValue { $0 = $0 + duration } }
}

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
  let queue = VolatileParcelQueue()
  let clock = HandClock()
  var zone = LiteralZone()
  var configuration = QueueRunner.Configuration(serverName: "us.example")
  var signer: (any MailSigner)?

  init(remotePort: UInt16 = 25) {
    configuration.remoteSMTPPort = remotePort
    configuration.timeouts.connect = .seconds(5)
  }

  var runner: QueueRunner {
    get throws {
      try QueueRunner(
        queue: queue, dns: zone, configuration: configuration, signer: signer, clock: clock, logger: quiet)
    }
  }

  /// One run over what is due comes to this.
  func expectRun(_ expected: RunSummary, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let summary = try await runner.runOnce()
    #expect(summary == expected, sourceLocation: sourceLocation)
  }
}
