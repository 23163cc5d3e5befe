import NIOCore
import Testing

@testable import MTACore
@testable import MTADKIM
@testable import MTADelivery

/// A session that takes mail from anybody, and answers what it asks.
private struct Session: ~Copyable {
  private var session: ServerSession
  private var inspector = DKIMInspector(lookup: NoNames())
  private(set) var envelope: Envelope?

  init(recipients: Int = 1) throws {
    var configuration = SessionConfiguration(
      serverName: "mx.example", postmaster: Mailbox("root@local.example"),
      localDomains: [Domain("local.example")])
    configuration.checksRoutes = false
    configuration.honours = .all
    configuration.maximumRecipients = .max
    configuration.maximumHeaderBytes = 1 << 20
    configuration.maximumHeaderFields = .max
    configuration.maximumReceivedFields = .max
    configuration.maximumMessageBytes = 0
    session = ServerSession(configuration, ConnectionFacts(remoteAddress: .loopback4, localPort: 2525))
    _ = session.receive(.connected)
    _ = session.receive(.answer(.connect(.proceed)))
  }

  private struct NoNames: DNSLookup {
    func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer { .noSuchName }
  }

  /// Everything that comes of these bytes.
  mutating func take(_ octets: ArraySlice<UInt8>) async {
    var buffer = ByteBuffer(bytes: octets)
    while var action = session.read(&buffer) {
      while let event = await perform(action) { action = session.receive(event) }
    }
  }

  private mutating func perform(_ action: ServerSession.Action) async -> ServerSession.Event? {
    let now = Timestamp(milliseconds: 0)
    switch action {
    case .ask(let question):
      switch question {
      // Those of local.example are ours, and half of them forward.
      case .clientLookup(let mailbox):
        guard mailbox.domain == Domain("local.example") else { return .answer(.client(nil)) }
        guard mailbox.localPart.utf8.first == UInt8(ascii: "f") else {
          return .answer(.client(ClientRecord(mailboxID: "1")))
        }
        return .answer(
          .client(
            ClientRecord(mailboxID: "1", forwards: Mailbox(localPart: "t", domain: mailbox.domain).map { [$0] } ?? [])))
      case .rcptTo: return .answer(.recipient(.proceed))
      case .inspection: return .answer(.inspection(await inspector.finish(at: now), at: now))
      case .message: return .answer(.message(.proceed))
      case .noop, .rset, .vrfy, .expn, .help, .unknown: return .answer(.command(.proceed))
      case .time: return .answer(.time(now))
      case .domainExists: return .answer(.domainExists(true))
      default: return .answer(.stage(.proceed))
      }
    case .openSpool: return MailID("id").map { .spoolOpened($0, at: now) }
    case .spool(let piece):
      inspector.receive(piece)
      return nil
    case .commit(let envelope, _):
      self.envelope = envelope
      return .stored(StoreReceipt(durablyStored: envelope.id))
    default: return nil
    }
  }

  mutating func mail(_ content: [UInt8], recipients: Int = 1, pieces: Int = 4096) async {
    await take(Array("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n".utf8)[...])
    for number in 0..<recipients {
      await take(Array("RCPT TO:<\(number % 2 == 0 ? "f" : "r")\(number)@local.example>\r\n".utf8)[...])
    }
    await take(Array("DATA\r\n".utf8)[...])
    for start in stride(from: 0, to: content.count, by: pieces) {
      await take(content[start..<min(start + pieces, content.count)])
    }
    await take(Array("\r\n.\r\n".utf8)[...])
  }
}

extension GrowthTests {
  private static let names = [
    "From", "Subject", "Received", "Delivered-To", "Authentication-Results", "Content-Type", "Message-ID",
    "DKIM-Signature",
  ]

  /// The whole way through the receiving session, each text in all the fields that somebody reads.
  @Test(arguments: Shape.words) func headersOfReceivedMail(_ shape: Shape) throws {
    try Growth.holds("received header \(shape)", upTo: 1 << 19) { count in
      let text = shape.octets(count / Self.names.count)
      return Self.names.flatMap { Array("\($0): ".utf8) + text + [13, 10] } + Array("\r\nx\r\n".utf8)
    } _: { content in
      var session = try Session()
      await session.mail(content)
    }
  }

  @Test func manyFieldsOfReceivedMail() throws {
    for name in Self.names + ["", "X"] {
      try Growth.holds("many \(name)", upTo: 1 << 19) { count in
        Array(String(repeating: "\(name): a\r\n", count: count / (name.utf8.count + 5)).utf8) + Array("\r\nx\r\n".utf8)
      } _: { content in
        var session = try Session()
        await session.mail(content)
      }
    }
  }

  @Test(arguments: Shape.pairs(Shape.lines)) func bodiesOfReceivedMail(_ shapes: [Shape]) throws {
    try Growth.holds("received body", of: shapes, behind: ["From: a@b.example\r\n\r\n"], upTo: 1 << 20) { content in
      var session = try Session()
      await session.mail(content, pieces: 512)
    }
  }

  @Test func manyRecipients() throws {
    try Growth.holds("many recipients", upTo: 1 << 19) {
      $0 / 30
    } _: { count in
      var session = try Session()
      await session.mail(Array("From: a@b.example\r\nDelivered-To: t@local.example\r\n\r\nx".utf8), recipients: count)
    }
  }

  /// Planning, converting, and looking through what is stored.
  @Test(arguments: Shape.allCases) func conversionToSevenBits(_ shape: Shape) throws {
    let starts = [
      "Content-Type: ", "Content-Type: text/plain; charset=", "Content-Type: text/plain; charset=\"",
      "Content-Type: text/plain; a=b;", "Content-Type: multipart/mixed; boundary=", "Content-Transfer-Encoding: ",
      "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: ",
      "Content-Type: multipart/mixed; boundary=x\r\n\r\n", "\r\n",
    ]
    try Growth.holds("conversion", of: [shape], behind: starts, ending: "\r\n\r\n\u{e9}\r\n", upTo: 1 << 19) {
      Self.convert($0)
    }
  }

  private static func convert(_ content: [UInt8]) {
    var survey = ConversionPlan.Survey()
    let pieces = stride(from: 0, to: content.count, by: 8192).map {
      ByteBuffer(bytes: content[$0..<min($0 + 8192, content.count)])
    }
    for piece in pieces { survey.receive(piece) }
    guard let plan = try? survey.finish() else { return }
    var converter = MailConverter(plan)
    for piece in pieces { _ = converter.convert(piece) }
    _ = converter.finish()
  }

  @Test func manyPartsNestedPartsAndPrefixesOfBoundaries() throws {
    let outer = (0..<40).map {
      "Content-Type: multipart/mixed; boundary=\(String(repeating: "b", count: 60))\($0)\r\n\r\n--\(String(repeating: "b", count: 60))\($0)\r\n"
    }.joined()
    let line = "--" + String(repeating: "b", count: 60) + "\r\n"
    try Growth.holds("prefixes of boundaries", upTo: 1 << 19) { count in
      Array(outer.utf8) + [13, 10] + Array(String(repeating: line, count: count / line.utf8.count).utf8) + [0xfe]
    } _: {
      Self.convert($0)
    }
    let part = "--x\r\n\r\n\u{e9}\r\n"
    try Growth.holds("many parts", upTo: 1 << 19) { count in
      Array("Content-Type: multipart/mixed; boundary=x\r\n\r\n".utf8)
        + Array(String(repeating: part, count: count / part.utf8.count).utf8)
    } _: {
      Self.convert($0)
    }
    let level = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
    try Growth.holds("nested parts", upTo: 1 << 19) { count in
      Array(String(repeating: level, count: count / level.utf8.count).utf8) + [0xfe]
    } _: {
      Self.convert($0)
    }
  }

  /// Results under our name are taken out of what is stored, and the rest is read in small pieces.
  @Test(arguments: Shape.words) func forgedResults(_ shape: Shape) throws {
    try Growth.holds("forged results \(shape)", upTo: 1 << 19) { count in
      let field = Array("Authentication-Results: mx.example; ".utf8) + shape.octets(64) + [13, 10]
      let other = Array("Authentication-Results: ".utf8) + shape.octets(count / 2) + [13, 10]
      return other + (0..<count / 2 / field.count).flatMap { _ in field } + [13, 10]
    } _: { (octets: [UInt8]) in
      let content = StoredContent(trace: ByteBuffer(), size: octets.count) { body in
        for start in stride(from: 0, to: octets.count, by: 64) {
          try await body(ByteBuffer(bytes: octets[start..<min(start + 64, octets.count)]))
        }
      }
      let ranges = try await HeaderScan.notPassedOn(
        of: content, try #require(MailID("id")), "mx.example", isSubmission: false)
      let rest = content.leavingOut(ranges)
      _ = try await rest.facts(of: try #require(MailID("id")))
      _ = try await OriginalMail(rest, limit: 1 << 20)
      _ = HeaderSection(octets).isAutomatic
    }
  }

  @Test(arguments: Shape.lines) func contentOnItsWayOut(_ shape: Shape) throws {
    try Growth.holds("out \(shape)") {
      shape.octets($0)
    } _: { octets in
      var stuffer = DotStuffer()
      var folder = LineFeedFolder()
      var normalizer = LineEndNormalizer()
      var scan = ContentScan()
      var out = ByteBuffer()
      for start in stride(from: 0, to: octets.count, by: 512) {
        let piece = ByteBuffer(bytes: octets[start..<min(start + 512, octets.count)])
        stuffer.write(piece, into: &out)
        _ = folder.fold(piece)
        _ = normalizer.normalize(piece)
        scan.read(piece)
      }
      stuffer.finish(into: &out)
      _ = scan.finish()
    }
  }
}
