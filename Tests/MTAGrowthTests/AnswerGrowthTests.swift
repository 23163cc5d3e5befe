import MTADNS
import NIOCore
import NIOHTTP1
import Testing

@testable import MTACore
@testable import MTADelivery
@testable import MTAReceiver

extension GrowthTests {
  /// Replies of servers, in pieces; what they announce; what is made of a refusal.
  @Test(arguments: Shape.pairs(Shape.words + [.shortLines, .emptyLines])) func replies(_ shapes: [Shape]) throws {
    try Growth.holds(
      "replies", of: shapes, behind: ["250-", "250-AUTH ", "250 SIZE ", "550 5.1.1 ", ""],
      ending: "\r\n250 ok\r\n", upTo: 1 << 19
    ) { octets in
      for size in [1, 1024] {
        var parser = ReplyParser()
        var buffer = ByteBuffer()
        for start in stride(from: 0, to: octets.count, by: size) {
          buffer.writeBytes(octets[start..<min(start + size, octets.count)])
          do {
            while let reply = try parser.next(&buffer) {
              _ = ServerCapabilities(reply).authentication.contains("PLAIN")
              _ = OutcomeClassifier.judge(.refused(reply, .rcpt))
              _ = reply.description
            }
          } catch { break }
          buffer = ByteBuffer(buffer: buffer)
        }
      }
    }
  }

  @Test func manyAnswersToManyRecipients() throws {
    for answer in [550 as UInt16, 250, 452] {
      try Growth.holds("answers \(answer)", upTo: 1 << 18) {
        $0 / 40
      } _: { count in
        var session = ClientSession(ClientSession.Configuration(serverName: "mx.example", tls: .never))
        _ = session.receive(.opened)
        _ = session.receive(.reply(RemoteReply(220, "x")))
        _ = session.receive(.reply(RemoteReply(250, "x\nPIPELINING")))
        let recipients = (0..<count).compactMap { Mailbox("r\($0)@b.example") }.map { ClientTransaction.Recipient($0) }
        _ = session.receive(.deliver(ClientTransaction(from: .null, to: recipients, size: 1)))
        _ = session.receive(.reply(RemoteReply(250, "ok")))
        for _ in recipients { _ = session.receive(.reply(RemoteReply(answer, "x"))) }
        _ = session.receive(.reply(RemoteReply(554, "no")))
      }
    }
  }

  @Test(arguments: Shape.pairs(Shape.words)) func policies(_ shapes: [Shape]) throws {
    let name = DNSName("mx.b.example")
    let starts = [
      "", "version: ", "version: STSv1\nmode: ", "version: STSv1\nmode: enforce\nmx: ", "mx: *.", "max_age: ",
      "v=STSv1; ",
      "v=STSv1; id=", "v=STSv1; a=", "mta-sts 1\nb.example 1 1 1 enforce ", "mta-sts 1\n",
    ]
    try Growth.holds("policies", of: shapes, behind: starts) { octets in
      _ = (try? MTASTSPolicy(id: "1", text: octets))?.names(name)
      _ = MTASTSRecord.find(in: [octets])
      var cache = MTASTSCache(maximumDomains: 100)
      _ = cache.read(octets)
    }
  }

  @Test(arguments: Shape.words + [.braces, .brackets]) func answersOfFilters(_ shape: Shape) throws {
    let starts = [
      "\"", "{\"", "{\"action\": \"", "{\"symbols\": {\"", "[", "", "SPAMD/1.1 0 EX_OK\r\nSpam: ",
      "SPAMD/1.1 0 EX_OK\r\n", "SPAMD/1.1 0 EX_OK\r\nContent-length: 60000\r\nSpam: True ; 1 / 1\r\n\r\n",
    ]
    try Growth.holds("answers of filters, \(shape)", upTo: 1 << 19) { count in
      let octets = shape.octets(count / (starts.count + 4)).filter { $0 >= 32 && $0 != 34 && $0 != 92 }
      let text = String(decoding: octets, as: UTF8.self)
      let answer = """
        {"action": "rewrite subject", "score": 1, "subject": "\(text)", "messages": {"smtp_message": "\(text)"},
        "symbols": {"\(text)": {"score": 1}, "\(text)b": {}}}
        """
      let others = starts.map { Array($0.utf8) + shape.octets(count / (starts.count + 4)) + [34] }
      return (others, Array(answer.utf8))
    } _: { (others: [[UInt8]], answer: [UInt8]) in
      for octets in others {
        _ = JSONValue(octets)
        Self.readAsSpamd(octets)
      }
      var reader = RspamdAnswerReader(rewritesSubject: true)
      _ = try reader.receive(.head(HTTPResponseHead(version: .http1_1, status: .ok)))
      for start in stride(from: 0, to: answer.count, by: 64) {
        _ = try reader.receive(.body(ByteBuffer(bytes: answer[start..<min(start + 64, answer.count)])))
      }
      _ = try reader.receive(.end(nil))?.verdict(ContentFilterOptions())
    }
  }

  private static func readAsSpamd(_ octets: [UInt8]) {
    var reader = SpamdAnswerReader()
    for start in stride(from: 0, to: octets.count, by: 64) {
      do {
        let part = ByteBuffer(bytes: octets[start..<min(start + 64, octets.count)])
        if let opinion = try reader.receive(part) {
          _ = opinion.verdict(ContentFilterOptions())
          return
        }
      } catch { return }
    }
  }

  @Test func manyTestsOfAFilter() throws {
    try Growth.holds("rspamd, many symbols", upTo: 1 << 19) { count in
      let symbols = (0..<count / 24).map { "\"S\($0)\": {\"score\": \($0)}" }.joined(separator: ",")
      return Array("{\"action\": \"add header\", \"score\": 1, \"symbols\": {\(symbols)}}".utf8)
    } _: { octets in
      var reader = RspamdAnswerReader(rewritesSubject: true)
      _ = try reader.receive(.head(HTTPResponseHead(version: .http1_1, status: .ok)))
      _ = try reader.receive(.body(ByteBuffer(bytes: octets)))
      _ = try reader.receive(.end(nil))?.verdict(ContentFilterOptions())
    }
  }

  @Test(arguments: Shape.pairs([Shape.marks, .blanks, .colons, .dots, .word])) func proxyHeaders(_ shapes: [Shape])
    throws
  {
    let starts = ["PROXY ", "PROXY TCP6 ", "\r\n\r\n\u{0}\r\nQUIT\n\u{21}\u{11}\u{1}"]
    try Growth.holds("PROXY", of: shapes, behind: starts, upTo: 1 << 17) { octets in
      var buffer = ByteBuffer()
      for byte in octets {
        buffer.writeInteger(byte)
        do { if try ProxyHeader.take(from: &buffer) != nil { return } } catch { return }
      }
    }
  }

  private static func packet(answering query: DNSQuery, _ type: UInt16, _ label: Int, octets: Int) -> [UInt8] {
    var packet = query.packet
    packet[2] = 0x81
    packet[3] = 0x80
    var records = 0
    let labels: [UInt8] = [UInt8(label)] + [UInt8](repeating: UInt8(ascii: "a"), count: label)
    var data: [UInt8] = []
    for _ in 0..<(type == 16 ? 40 : label == 1 ? 100 : 3) { data += labels }
    if type == 15 { data = [0, 1] + data }
    // The name asked for.
    if type != 16 { data += [0xc0, 12] }
    while packet.count < octets, records < 1024 {
      records += 1
      packet += [0xc0, 12, UInt8(type >> 8), UInt8(type & 255), 0, 1, 0, 0, 0, 60]
      packet += [UInt8(data.count >> 8), UInt8(data.count & 255)] + data
    }
    packet[6] = UInt8(records >> 8)
    packet[7] = UInt8(records & 255)
    return packet
  }

  @Test func packetsOfNameServers() throws {
    let name = DNSName("b.example")
    let query = DNSQuery(name, .txt, id: 1, extensions: false)
    // Owner and target point to what stands before them, the longest way about.
    for (type, label) in [(5, 1), (5, 63), (15, 63), (16, 20), (16, 0)] as [(UInt16, Int)] {
      try Growth.holds("packet of type \(type), labels of \(label)", upTo: 65_536) {
        Self.packet(answering: query, type, label, octets: $0)
      } _: { packet in
        let reading = AnswerReader.read(packet, to: query, over: .stream, aliases: 8, trustsAuthenticated: false)
        if case .answer(let answer, _) = reading, case .records(let records, _) = answer {
          _ = records.map { if case .text(let strings) = $0.data { strings.flatMap { $0 } } else { [] } }
        }
      }
    }
  }

  @Test(arguments: Shape.words) func reports(_ shape: Shape) throws {
    let composer = ReportComposer(serverName: "mx.example", sender: "mailer@mx.example", postmaster: "root@mx.example")
    let sender = Mailbox("a@b.example")
    let id = try #require(MailID("id"))
    let now = Timestamp(milliseconds: 0)
    try Growth.holds("report \(shape)", upTo: 1 << 19) {
      shape.octets($0 / 3)
    } _: { octets in
      let text = String(decoding: octets, as: UTF8.self)
      var recipient = EnvelopeRecipient(sender)
      recipient.notification.originalRecipient = "rfc822;" + text
      let envelope = Envelope(id: id, reversePath: .mailbox(sender), recipients: [recipient], receivedAt: now)
      let reported = ReportedRecipient(
        parcel: ParcelID(1), recipient: recipient, action: .failed, status: "5.0.0", reply: text,
        remoteHost: ReportedRecipient.remoteHost(text), message: text, reach: .mailbox, retriedUntil: nil)
      let header = Array("Message-ID: ".utf8) + octets + Array("\r\nPrecedence: ".utf8) + octets + [13, 10]
      let content = StoredContent(trace: ByteBuffer(), size: header.count) { try await $0(ByteBuffer(bytes: header)) }
      let original = try await OriginalMail(content, limit: 1 << 20)
      _ = composer.report(
        id, about: [reported], of: envelope, original, to: ReportAddressee(senderOf: envelope, sender), at: now,
        due: now)
      _ = original.header.isAutomatic
    }
  }

  @Test func reportsOfManyRecipients() throws {
    let composer = ReportComposer(serverName: "mx.example", sender: "mailer@mx.example", postmaster: "root@mx.example")
    let sender = Mailbox("a@b.example")
    let id = try #require(MailID("id"))
    let now = Timestamp(milliseconds: 0)
    try Growth.holds("report of many", upTo: 1 << 18) {
      $0 / 60
    } _: { count in
      let recipients = (0..<count).compactMap { Mailbox("r\($0)@b.example") }.map { EnvelopeRecipient($0) }
      let envelope = Envelope(id: id, reversePath: .mailbox(sender), recipients: recipients, receivedAt: now)
      let reported = recipients.map {
        ReportedRecipient(
          parcel: ParcelID(1), recipient: $0, action: .failed, status: "5.0.0", reply: "550 no",
          remoteHost: "mx.b.example",
          message: "no", reach: .mailbox, retriedUntil: nil)
      }
      _ = composer.report(
        id, about: reported, of: envelope, OriginalMail(), to: ReportAddressee(senderOf: envelope, sender), at: now,
        due: now)
    }
  }

  @Test(arguments: Shape.words) func encodings(_ shape: Shape) throws {
    try Growth.holds("encodings \(shape)") {
      shape.octets($0)
    } _: { octets in
      let text = String(decoding: octets, as: UTF8.self)
      _ = EncodedWords.encode(text)
      _ = XText.decode(octets)
      _ = Base64.decodeFolded(octets)
      _ = try? HeaderEdit(adding: "Subject", text, international: true)
      var shown = ""
      shown.append(escaping: text)
      _ = FilterText.line(text, limit: 300)
      _ = FilterText.testName(octets)
      _ = HostileText(octets).description
    }
  }
}
