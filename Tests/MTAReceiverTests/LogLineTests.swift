import Logging
import MTACore
import MTAReceiver
import MTATestSupport
import NIOConcurrencyHelpers
import NIOPosix
import SuiteTurns
import Testing

/// What a receiver logs: a line for each mail that it takes and each that it refuses, whose fields hold what is foreign.
@Suite(.endsHangs) struct LogLineTests {
  private final class Book: Sendable {
    let lines = NIOLockedValueBox<[(text: String, fields: [String: String])]>([])

    func lines(_ text: String) -> [[String: String]] {
      lines.withLockedValue { $0.filter { $0.text == text }.map(\.fields) }
    }
  }

  private struct Handler: LogHandler {
    let book: Book
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
      let fields = (event.metadata ?? [:]).mapValues { $0.description }
      book.lines.withLockedValue { $0.append((event.message.description, fields)) }
    }
  }

  @Test func eachRefusalHasALine() async throws {
    let book = Book()
    var configuration = SessionConfiguration.forTests
    configuration.allowsAuthInClear = true
    let receiver = Receiver(
      Receiver.Configuration(
        session: configuration, listeners: [.init(ListenAddress(.loopback4, port: 0), role: .standard)]),
      store: VolatileStore(), lookup: EmptyZone(), logger: Logger(label: "t") { _ in Handler(book: book) }
    ) { Village() }
    let address = try #require(try await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      for line in [
        "FOO", "EHLO client.example", "MAIL FROM:<a@client.example>", "RCPT TO:<\"x to=y\"@test.example>",
        "RCPT TO:<b@elsewhere.example>", "RCPT TO:<coco@test.example>", "DATA", "Subject: x\r\n\r\na\nb\r\n.",
        "MAIL FROM:<a@client.example>", "RCPT TO:<coco@test.example>", "DATA", "Subject: x\r\n\r\nok\r\n.",
        "RSET", "AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk", "MAIL FROM:<mike@test.example>", "QUIT",
      ] { _ = try await client.say(line) }
    }
    await receiver.shutDown(grace: .seconds(10))
    let refused = book.lines("refused")
    #expect(refused.map { $0["stage"] } == ["connect", "RCPT", "RCPT", "content", "MAIL"])
    #expect(refused.allSatisfy { $0["client"] == "127.0.0.1" })
    #expect(refused[1]["to"] == "<\"x to=y\"@test.example>" && refused[1]["from"] == "<a@client.example>")
    #expect(refused[1]["reply"]?.hasPrefix("550 5.1.1") == true)
    #expect(refused[2]["reply"]?.hasPrefix("550 5.7.1") == true)
    #expect(refused[3]["reply"]?.hasPrefix("550 5.6.0") == true && refused[3]["id"] != nil)
    #expect(refused[3]["from"] == "<a@client.example>" && refused[3]["to"] == nil)
    #expect(refused[4]["from"] == "<mike@test.example>" && refused[4]["sasl_username"] == "coco@test.example")
    let accepted = book.lines("accepted")
    #expect(accepted.map { $0["nrcpt"] } == ["1"] && accepted[0]["from"] == "<a@client.example>")
  }
}
