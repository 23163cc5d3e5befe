import Foundation
import MTACore
import MTADelivery
import MTAReceiver
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// Whatever a stranger puts among the lines of a mail: wherever it is read afterwards, readers that end lines at CR LF and readers that
/// end them at LF see the same fields and the same body, ours among the fields, and none that speaks in our name.
struct ReaderAgreementTests {
  enum Way: CaseIterable { case data, chunks, binary, lmtp }

  struct Sample: CustomTestStringConvertible, Sendable {
    let text: String
    /// The ways by which it is taken.
    var taken: [Way] = Way.allCases
    /// How the body begins; nil: the whole content is body.
    var body: String?

    var testDescription: String {
      text.replacing("\r", with: "␍").replacing("\n", with: "␊").replacing("\0", with: "␀")
    }
  }

  static let forged = "Authentication-Results: mx.test.example; dkim=pass\r\n"

  static let samples: [Sample] = [
    .init(text: "Subject: hi\r\n\r\ntext\r\n", body: "text\r\n"),
    .init(text: "Subject: hi\nX-Spam-Flag: NO\r\nFrom: a@b\r\n\r\ntext\r\n", taken: []),
    .init(text: "Subject: hi\rX-Spam-Flag: NO\r\n\r\ntext\r\n", taken: []),
    .init(text: "Subject: hi\n\nX-Spam-Flag: NO\r\n\r\ntext\r\n", taken: []),
    .init(text: "Subject: hi\r\n\nFrom: a@b\r\n\r\ntext\r\n", taken: []),
    .init(text: "Subject: hi\r\n\rFrom: a@b\r\n\r\ntext\r\n", taken: []),
    .init(text: "Subject: hi\r\r\n\r\ntext\r\n", taken: []),
    .init(text: "\nSubject: hi\r\n\r\ntext\r\n", taken: []),
    .init(text: "Subject: a\0b\r\n\r\ntext\r\n", taken: []),
    .init(text: "Sub\0ject: a\r\n\r\ntext\r\n", taken: []),
    .init(text: "Subject: hi\n\r\n", taken: []),
    // Behind the header only content that says that it is binary may hold them.
    .init(text: "Subject: hi\r\n\r\na\nb\rc\r\r\nd\n\ne\n.\r\n", taken: [.binary], body: "a\nb\rc\r\r\nd\n\ne\n.\r\n"),
    .init(text: "Subject: hi\r\n\r\n\n\n\(forged)\r\n", taken: [.binary], body: "\n\n\(forged)\r\n"),
    .init(text: "Subject: hi\r\n\r\na\0b\r\n", body: "a\0b\r\n"),
    // Without a header.
    .init(text: "UPS on battery since 10:31\r\n"), .init(text: "  indented first line\r\nsecond line\r\n"),
    .init(text: "Dear customer,\r\n\(forged)X-Spam-Flag: NO\r\n\r\ntext\r\n"),
    .init(text: "Gr\u{fc}\u{df}e: x\r\nSubject: x\r\n\r\ntext\r\n"),
    .init(text: "From the desk of Ann\r\n\r\ntext\r\n"),
    .init(text: "no header\r\n\n\r\0\r\n", taken: [.binary]),
    .init(text: "\r\n\(forged)text\r\n", body: "\(forged)text\r\n"),
    // Lines that are no fields among those that are, and the line of a mailbox file in front.
    .init(text: "Subject: hi\r\nno field\r\n\(forged)\r\ntext\r\n", body: "no field\r\n\r\ntext\r\n"),
    .init(text: "Subject: hi\r\nX Y: z\r\n\(forged)\r\ntext\r\n", body: "X Y: z\r\n\r\ntext\r\n"),
    .init(text: "From ann@x.example Thu Jan  1 00:00:00 2026\r\nSubject: hi\r\n\r\ntext\r\n", body: "text\r\n"),
    .init(text: ">From x\r\n\(forged)Subject: hi\r\n\r\ntext\r\n", body: "text\r\n"),
    // In our name.
    .init(
      text: "\(forged)authentication_results: mx.test.example/1\r\nX-Spam_Flag: NO\r\nSubject: hi\r\n\r\nx\r\n",
      body: "x\r\n"),
    .init(text: "Authentication-Results:\r\n (c;) MX.test.EXAMPLE. =; x\r\nSubject: hi\r\n\r\nx\r\n", body: "x\r\n"),
  ]

  /// The octets as a script says them.
  private static func script(_ bytes: [UInt8]) -> String {
    bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// What the store took; nil when it was refused.
  private static func receive(_ sample: Sample, by way: Way) async throws -> VolatileStore.Mail? {
    let dialogue = Dialogue(hooks: WholeWayTests.House())
    dialogue.configuration.honours = .all
    dialogue.configuration.speaksLMTP = way == .lmtp
    let bytes = Array(sample.text.utf8)
    let body = way == .binary ? " BODY=BINARYMIME" : way == .chunks ? " BODY=8BITMIME" : ""
    let isText = way == .data || way == .lmtp
    // In DATA a dot that begins a line is doubled.
    let content =
      isText
      ? "C: DATA\nS: 354\nC: \(script(Array(sample.text.replacing("\r\n.", with: "\r\n..").utf8)))\\\nC: ."
      : "C: BDAT \(bytes.count) LAST\\r\\n\(script(bytes))\\"
    // A script that ends before the answer: it is one of two.
    try await dialogue.play(
      """
      S: 220
      C: \(way == .lmtp ? "LHLO" : "EHLO") client.example
      S: 250
      C: MAIL FROM:<a@client.example>\(body)
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      \(content)
      S: \(sample.taken.contains(way) ? "250 2.0.0" : "550 5.6.0")
      """)
    #expect(dialogue.store.openSpools == 0)
    return dialogue.store.mails.first
  }

  @Test(arguments: samples, Way.allCases)
  func allReadersSeeTheSame(sample: Sample, way: Way) async throws {
    let mail = try await Self.receive(sample, by: way)
    #expect((mail != nil) == sample.taken.contains(way))
    guard let mail else { return }
    #expect(mail.text == sample.text)
    for (rest, octets) in try await Self.delivered(mail) {
      let file = MailReading(octets, .file)
      // In a Maildir lines end in LF, but for content that is sealed.
      let isFile = rest == "Maildir" && !octets.contains(13)
      let network = isFile ? file : MailReading(octets, .network)
      #expect(network.fields == file.fields, "\(rest)")
      #expect(network.body == file.body, "\(rest)")
      // Ours are there, and whole.
      let reception = MailReading(Array(mail.trace.utf8), .network)
      #expect(reception.body.isEmpty)
      #expect(network.fields.filter { reception.fields.contains($0) } == reception.fields, "\(rest)")
      // Of the content only what may be there is.
      let others = network.fields.filter { !reception.fields.contains($0) && !$0.hasPrefix("X-Spam-Status: No") }
      let isFilter = rest == "filter"
      #expect(!others.contains { $0.lowercased().hasPrefix("authentication") }, "\(others)")
      #expect(isFilter || !others.contains { $0.lowercased().hasPrefix("x-spam") }, "\(others)")
      #expect(network.decodedBody == MailReading.folded(Array((sample.body ?? sample.text).utf8)), "\(rest)")
    }
  }

  /// The mail as each of its next readers gets it.
  private static func delivered(_ mail: VolatileStore.Mail) async throws -> [(String, [UInt8])] {
    let seen = Witness()
    var found: [(String, [UInt8])] = []
    let folder = try await TemporaryFolder.using { folder in
      try await deliver(mail, by: .maildir(directory: folder), seen)
      let new = folder + "/test.example/coco/new"
      let names = try FileManager.default.contentsOfDirectory(atPath: new)
      #expect(names.count == 1)
      return try names.map { Array(try Data(contentsOf: URL(fileURLWithPath: new + "/" + $0))) }
    }
    found += folder.map { ("Maildir", $0) }
    for (name, isLMTP, capabilities) in [
      ("LMTP", true, ["8BITMIME"]), ("LMTP, binary", true, ["8BITMIME", "CHUNKING", "BINARYMIME"]),
      ("SMTP", false, ["8BITMIME"]), ("SMTP, seven bits", false, []),
      ("SMTP, chunks", false, ["8BITMIME", "CHUNKING"]),
    ] {
      var behaviour = SinkServer.Behaviour(isLMTP: isLMTP)
      behaviour.capabilities = ["PIPELINING", "SIZE 10000000"] + capabilities
      let sink = try await SinkServer.serving(behaviour) { sink in
        let target = "127.0.0.1:\(sink.port)"
        try await deliver(mail, by: try #require(LocalDelivery((isLMTP ? "lmtp:" : "smtp:") + target)), seen)
        return sink.mails
      }
      #expect(sink.count == 1, "\(name)")
      found += sink.map { (name, $0.octets) }
    }
    return found + seen.mails.map { ("filter", $0) }
  }

  private static func deliver(_ mail: VolatileStore.Mail, by way: LocalDelivery, _ seen: Witness) async throws {
    let store = VolatileStore()
    try store.add(mail.envelope, trace: mail.trace, content: mail.content)
    var settings = QueueRunner.Configuration(serverName: "mx.test.example")
    settings.localDelivery = way
    settings.contentFilter = seen
    let runner = try QueueRunner(queue: store, dns: LiteralZone(), configuration: settings, clock: ManualClock())
    #expect(try await runner.runOnce() == RunSummary(delivered: 1), "\(store.parcels.map { $0.result?.message ?? "" })")
  }

  /// A filter that remembers what it was shown: X-Spam fields of others among it, which its word takes away.
  private final class Witness: ContentFilter {
    private let box = NIOLockedValueBox<[[UInt8]]>([])

    var mails: [[UInt8]] { box.withLockedValue { $0 } }

    func judge(_ mail: FilteredMail) async -> FilterVerdict {
      var text = ByteBuffer()
      do { try await mail.forEachPiece { text.writeImmutableBuffer($0) } } catch { Issue.record(error) }
      #expect(text.readableBytes == mail.size)
      let octets = Array(text.readableBytesView)
      box.withLockedValue { $0.append(octets) }
      return (try? HeaderEdit(adding: "X-Spam-Status", "No")).map { .pass(adding: [$0]) } ?? .pass
    }
  }
}
