import MTACore
import MTADelivery
import MTATestSupport
import NIOCore
import Testing

/// Whatever kept a mail from its recipient does not keep the report from its sender: any server can carry that.
struct ReportFormTests {
  private static let header = "Subject: x\r\nX-Long: y\r\n"

  /// What a failure of this mail makes of it.
  private static func report(
    about content: [UInt8], from sender: String = "<s@sender.example>", adjusting: (inout Envelope) -> Void = { _ in }
  ) async throws -> VolatileStore.Mail {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      var envelope = Envelope.test("m1", from: sender, to: ["bad@a.example"], at: setup.clock.now)
      adjusting(&envelope)
      try setup.queue.add(envelope, content: ByteBuffer(bytes: content))
      _ = try await setup.runner.runOnce()
      return try #require(setup.queue.reports.first)
    }
  }

  /// ASCII, CR LF, lines of at most 998 octets.
  private static func expectPlain(
    _ mail: VolatileStore.Mail, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let bytes = Array(mail.content.readableBytesView)
    #expect(bytes.allSatisfy { $0 != 0 && $0 < 128 }, "\(what)", sourceLocation: sourceLocation)
    var length = 0
    var longest = 0
    var strays = 0
    for (index, byte) in bytes.enumerated() {
      if byte == 13, index + 1 >= bytes.count || bytes[index + 1] != 10 { strays += 1 }
      if byte == 10, index == 0 || bytes[index - 1] != 13 { strays += 1 }
      length = byte == 10 ? 0 : length + 1
      longest = max(longest, length)
    }
    #expect(strays == 0 && longest <= 999, "\(what)", sourceLocation: sourceLocation)
    #expect(mail.envelope.body == .sevenBit && !mail.envelope.smtpUTF8, "\(what)", sourceLocation: sourceLocation)
    #expect(ReportReader(mail)?.parts.count == 3, "\(what)", sourceLocation: sourceLocation)
  }

  @Test func contentOfEightBitsReturnsConverted() async throws {
    for (name, body, returned) in [
      ("eight", "Grüße\r\n", "Gr=C3=BC=C3=9Fe\r\n"), ("bare", "a\nb\r\n", "a=0Ab\r\n"), ("nul", "a\0\r\n", "a=00\r\n"),
    ] {
      let mail = try await Self.report(about: Array((Self.header + "\r\n" + body).utf8))
      Self.expectPlain(mail, name)
      let part = try #require(ReportReader(mail)?.parts.last)
      #expect(part.header["content-type"] == "message/rfc822", "\(name)")
      #expect(part.text.hasPrefix(Self.header), "\(name)")
      #expect(part.text.contains("\r\nContent-Transfer-Encoding: quoted-printable\r\n"), "\(name)")
      #expect(part.text.hasSuffix("\r\n\r\n" + returned), "\(name)")
    }
  }

  /// A header that only eight bits carry is told in ASCII, with the mail left out.
  @Test func aRawHeaderReturnsEncoded() async throws {
    let mail = try await Self.report(about: Array("Subject: Gr\u{fc}\u{df}e\r\n\r\nx\r\n".utf8))
    Self.expectPlain(mail, "raw")
    let part = try #require(ReportReader(mail)?.parts.last)
    #expect(part.header["content-type"] == "text/rfc822-headers")
    #expect(part.header["content-transfer-encoding"] == "quoted-printable")
    #expect(part.text == "Subject: Gr=C3=BC=C3=9Fe\r\n")
  }

  /// What must not be changed is left out.
  @Test func sealedContentIsLeftOut() async throws {
    let header = "Content-Type: multipart/signed; boundary=b\r\n"
    let text = header + "\r\n--b\r\n\r\nGrüße\r\n--b\r\n\r\nsignature\r\n--b--\r\n"
    let mail = try await Self.report(about: Array(text.utf8))
    Self.expectPlain(mail, "sealed")
    #expect(ReportReader(mail)?.parts.last?.header["content-type"] == "text/rfc822-headers")
    #expect(ReportReader(mail)?.parts.last?.text == header)
  }

  /// Bytes of any kind in header and body, for senders that are vouched for and others, with SMTPUTF8 and without.
  @Test func whateverTheMailHoldsTheReportIsPlain() async throws {
    let pieces: [[UInt8]] = [
      Array("Subject: x".utf8), [0xff, 0xfe], [0], [13], [10], [13, 10], [13, 10, 13, 10], Array("--b".utf8),
      Array("=_report_".utf8), Array("\r\nContent-Type: multipart/mixed; boundary=b\r\n".utf8),
      Array("\r\nContent-Transfer-Encoding: binary\r\n".utf8), Array(repeating: UInt8(ascii: "y"), count: 1100),
      [0xcc, 0x81], Array("Grüße: ".utf8), Array("\r\n.\r\n".utf8), [9], Array("=\r\n".utf8),
    ]
    var generator = SeededGenerator(seed: 3)
    for round in 0..<120 {
      var content: [UInt8] = []
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        content += pieces[Int.random(in: 0..<pieces.count, using: &generator)]
      }
      // A mail without any header has none to return.
      content = Array("X-First: y\r\n".utf8) + content
      let mail = try await Self.report(about: content) { envelope in
        envelope.smtpUTF8 = round.isMultiple(of: 3)
        if round.isMultiple(of: 2) { envelope.clientAddress = .v4(0xc000_0207) }
      }
      Self.expectPlain(mail, "round \(round)")
    }
  }

  /// A sender whose mail goes on to an address of ASCII hears of failures there, whatever its own address is.
  @Test func theAddresseeIsNamedInASCII() async throws {
    let near = try await Self.report(about: Array("Subject: x\r\n\r\nx\r\n".utf8), from: "<s@bücher.example>")
    Self.expectPlain(near, "domain")
    #expect(ReportReader(near)?.header["to"] == "<s@xn--bcher-kva.example>")
    let far = try await Self.report(about: Array("Subject: x\r\n\r\nx\r\n".utf8), from: "<grüße@home.example>") {
      envelope in
      envelope.senderArrivals = [EnvelopeRecipient(Mailbox("bob@far.example"))]
    }
    Self.expectPlain(far, "forwarded")
    #expect(ReportReader(far)?.header["to"] == "=?UTF-8?B?Z3LDvMOfZUBob21lLmV4YW1wbGU=?= :;")
  }

  /// A forwarded mail with a raw header is refused by the next hop, and its sender's server offers no 8BITMIME; nor do the settings have
  /// anything converted.
  @Test(arguments: [EightBitPolicy.convert, .bounce])
  func serversWithoutEightBitsTakeTheReport(policy: EightBitPolicy) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities = ["SIZE"]
    behaviour.answer = { line, _ in line.contains("fwd@") ? "550 5.1.1 no such user" : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1\nsender.example A 127.0.0.1")
      setup.configuration.eightBitToOldServers = policy
      var envelope = Envelope.test("m1", to: ["fwd@a.example"], at: setup.clock.now)
      envelope.clientAddress = .v4(0xc000_0207)
      try setup.queue.add(envelope, content: "Subject: Grüße\r\n\r\nForwarded.\r\n")
      try await setup.expectRun(RunSummary(delivered: 1, failed: 1))
      #expect(sink.mails.map(\.to) == [["<s@sender.example>"]])
    }
  }
}
