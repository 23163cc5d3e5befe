import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// Content that a server cannot carry as it is, over real sockets.
struct ConversionDeliveryTests {
  /// Signs with the size of what it signs, and counts.
  struct Measure: MailSigner {
    let sizes = NIOLockedValueBox<[Int]>([])

    func signature(for envelope: Envelope, _ content: StoredContent, at now: Timestamp) async throws -> ByteBuffer? {
      var size = 0
      try await content.forEachPiece { size += $0.readableBytes }
      sizes.withLockedValue { $0.append(size) }
      return ByteBuffer(string: "DKIM-Signature: \(size)\r\n")
    }
  }

  static func server(_ capabilities: String...) -> SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities = ["PIPELINING", "SIZE 10000000"] + capabilities
    return behaviour
  }

  static let eightBit = "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n"
  static let converted = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"

  /// One mail for one server; what it took, and what was recorded.
  static func deliver(
    _ content: String, _ body: BodyType = .sevenBit, to behaviour: SinkServer.Behaviour,
    _ change: (inout Setup) -> Void = { _ in }
  ) async throws -> (mail: SinkServer.Mail?, outcome: String, lines: [String]) {
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      change(&setup)
      try setup.zone.add("a.example A 127.0.0.1")
      var envelope = Envelope.test("m1", to: ["x@a.example"], at: setup.clock.now, isSubmission: setup.signer != nil)
      envelope.body = body
      try setup.queue.add(envelope, content: content)
      _ = try await setup.runner.runOnce()
      return (sink.mails.first, setup.queue.outcomes["x@a.example"] ?? "", sink.lines)
    }
  }

  // MARK: 8-bit text

  @Test func eightBitTextIsConvertedForAnOldServer() async throws {
    let (mail, outcome, lines) = try await Self.deliver(Self.eightBit, .eightBitMIME, to: Self.server()) {
      $0.signer = Measure()
    }
    let text =
      "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=unknown-8bit\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
    let expected = "DKIM-Signature: \(text.utf8.count)\r\n" + text
    #expect(mail.map { Set($0.content.split(separator: "\r\n")) } == Set(expected.split(separator: "\r\n")))
    #expect(outcome == "delivered 250 2.0.0 taken")
    #expect(lines.contains("MAIL FROM:<s@sender.example> SIZE=\(mail?.octets.count ?? 0)"))
  }

  @Test func itGoesAsItIsWhereThatIsOffered() async throws {
    // Also when the sender did not say what it is.
    let (mail, _, lines) = try await Self.deliver(Self.eightBit, to: Self.server("8BITMIME"))
    #expect(mail?.content == Self.eightBit)
    #expect(lines.contains("MAIL FROM:<s@sender.example> SIZE=\(Self.eightBit.utf8.count) BODY=8BITMIME"))
  }

  @Test func theOtherPolicies() async throws {
    let (mail, _, lines) = try await Self.deliver(Self.eightBit, to: Self.server()) {
      $0.configuration.eightBitToOldServers = .sendAsIs
    }
    #expect(mail?.content == Self.eightBit)
    #expect(lines.contains("MAIL FROM:<s@sender.example> SIZE=\(Self.eightBit.utf8.count)"))
    let (none, outcome, _) = try await Self.deliver(Self.eightBit, to: Self.server()) {
      $0.configuration.eightBitToOldServers = .bounce
    }
    #expect(none == nil)
    #expect(outcome.hasPrefix("failed 5.6.3 "))
  }

  @Test func whatCannotBeConvertedGoesBack() async throws {
    let signed = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nü\r\n--b--\r\n"
    #expect(try await Self.deliver(signed, to: Self.server()).outcome.hasPrefix("failed 5.6.3 "))
    #expect(try await Self.deliver("Subject: ü\r\n\r\n", to: Self.server()).outcome.hasPrefix("failed 5.6.3 "))
  }

  /// R15: once per mail and wire form, however many destinations.
  @Test func eachFormIsSignedOnce() async throws {
    try await SinkServer.serving(Self.server("8BITMIME"), host: "127.0.0.2") { new in
      try await SinkServer.serving(Self.server(), host: "127.0.0.3", port: new.port) { old in
        var setup = Setup(remotePort: new.port)
        let measure = Measure()
        setup.signer = measure
        for (domain, host) in [("a", 2), ("b", 3), ("c", 2), ("d", 3)] {
          try setup.zone.add("\(domain).example A 127.0.0.\(host)")
        }
        try setup.queue.add(
          .test("m1", to: ["a", "b", "c", "d"].map { "x@\($0).example" }, at: setup.clock.now, isSubmission: true),
          content: Self.eightBit)
        try await setup.expectRun(RunSummary(delivered: 4))
        let sizes = measure.sizes.withLockedValue { $0 }
        #expect(sizes.count == 2 && Set(sizes).count == 2)
        #expect(new.mails.allSatisfy { $0.content.hasPrefix("DKIM-Signature: \(sizes.min() ?? 0)\r\n") })
        #expect(old.mails.allSatisfy { $0.content.hasPrefix("DKIM-Signature: \(sizes.max() ?? 0)\r\n") })
        #expect(old.mails.allSatisfy { $0.octets.allSatisfy { $0 < 128 } })
      }
    }
  }

  // MARK: binary

  static let binary =
    "Content-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\na\rb\nc\u{0}\u{e9}\r\n.\r\nd"

  @Test(arguments: [["CHUNKING", "BINARYMIME"], ["CHUNKING", "BINARYMIME", "8BITMIME"]])
  func binaryContentGoesByChunksByteForByte(_ words: [String]) async throws {
    var behaviour = Self.server()
    behaviour.capabilities += words
    let (mail, outcome, lines) = try await Self.deliver(Self.binary, .binaryMIME, to: behaviour)
    #expect(mail?.octets == Array(Self.binary.utf8))
    #expect(outcome == "delivered 250 2.0.0 taken")
    let size = Self.binary.utf8.count
    #expect(
      lines.dropFirst().prefix(3) == [
        "MAIL FROM:<s@sender.example> SIZE=\(size) BODY=BINARYMIME", "RCPT TO:<x@a.example>", "BDAT \(size) LAST",
      ])
  }

  @Test(arguments: [["CHUNKING"], ["BINARYMIME", "8BITMIME"], []])
  func orConverted(_ words: [String]) async throws {
    var behaviour = Self.server()
    behaviour.capabilities += words
    let (mail, outcome, _) = try await Self.deliver(Self.binary, .binaryMIME, to: behaviour)
    #expect(
      mail?.content
        == "Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\nMIME-Version: 1.0\r\n\r\nYQ1iCmMAw6kNCi4NCmQ=\r\n"
    )
    #expect(outcome == "delivered 250 2.0.0 taken")
  }

  @Test func orReturned() async throws {
    let signed = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\na\u{0}b\r\n--b--\r\n"
    #expect(try await Self.deliver(signed, to: Self.server("8BITMIME")).outcome.hasPrefix("failed 5.6.1 "))
  }

  /// Nothing but CR LF ends a line that goes by DATA, and none becomes a line end on the way: what a filter saw, the next reader sees.
  @Test func loneLineEndsNeverGoByDATA() async throws {
    let (mail, _, _) = try await Self.deliver("A: b\r\n\r\nx\ry\nz\r\n", to: Self.server("8BITMIME", "CHUNKING"))
    #expect(
      mail?.content
        == "A: b\r\n" + "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
        + "Content-Transfer-Encoding: quoted-printable\r\n\r\nx=0Dy=0Az\r\n")
    let sealed = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\ny\r\n--b--\r\n"
    #expect(try await Self.deliver(sealed, to: Self.server("8BITMIME")).outcome.hasPrefix("failed 5.6.1 "))
  }

  /// Content without a header is a body: what says how it is encoded stands among our fields.
  @Test func contentWithoutAHeaderIsConverted() async throws {
    try await SinkServer.serving(Self.server()) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(
        .test("m1", to: ["x@a.example"], at: setup.clock.now), trace: "Received: us\r\n\r\n",
        content: "Gr\u{fc}\u{df}e: x\r\n")
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(
        sink.mails.first?.content
          == "Received: us\r\n" + Self.converted
          + "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe: x\r\n")
    }
  }

  // MARK: chunks

  @Test(arguments: [true, false]) func aLargeMailGoesInSeveralChunks(pipelining: Bool) async throws {
    var behaviour = Self.server("CHUNKING", "BINARYMIME")
    if !pipelining { behaviour.capabilities.removeFirst() }
    let content = Self.binary + String(repeating: "0123456789\u{0}\n", count: 30_000)
    let (mail, outcome, lines) = try await Self.deliver(content, .binaryMIME, to: behaviour)
    #expect(mail?.octets == Array(content.utf8))
    #expect(outcome == "delivered 250 2.0.0 taken")
    let chunks = lines.filter { $0.hasPrefix("BDAT ") }
    #expect(chunks.count > 3)
    #expect(chunks.filter { $0.hasSuffix(" LAST") }.count == 1)
    #expect(chunks.compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +) == content.utf8.count)
  }

  @Test func longLinesGoByChunksWhereOffered() async throws {
    let content = "A: b\r\n\r\n.\r\n" + String(repeating: "x", count: 5000) + "\r\n"
    let (mail, _, lines) = try await Self.deliver(content, to: Self.server("CHUNKING"))
    #expect(mail?.content == content)
    #expect(lines.contains("BDAT \(content.utf8.count) LAST"))
    let (other, _, words) = try await Self.deliver(content, to: Self.server())
    #expect(other?.content == content)
    #expect(words.contains("DATA"))
  }

  @Test func aRefusedChunkFailsItsMailAndTheNextOneGoes() async throws {
    var behaviour = Self.server("CHUNKING", "BINARYMIME")
    behaviour.answer = { line, _ in line.hasPrefix("BDAT") && line != "BDAT 10 LAST" ? "554 5.6.0 not this" : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      try setup.zone.add("a.example A 127.0.0.1")
      for (number, text) in [String(repeating: "a\n", count: 100_000), "b\n"].enumerated() {
        var envelope = Envelope.test("m\(number)", to: ["x\(number)@a.example"], at: setup.clock.now)
        envelope.body = .binaryMIME
        try setup.queue.add(envelope, content: "A: b\r\n\r\n" + text)
      }
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.outcomes["x0@a.example"] == "failed 554 5.6.0 not this (in reply to the content)")
      #expect(setup.queue.outcomes["x1@a.example"]?.hasPrefix("delivered") == true)
    }
  }

  @Test func lmtpTakesChunksToo() async throws {
    var behaviour = SinkServer.Behaviour(isLMTP: true)
    behaviour.capabilities = ["PIPELINING", "CHUNKING", "BINARYMIME"]
    behaviour.endOfContent = { $0 == "<full@a.example>" ? "452 4.2.2 quota" : "250 2.1.5 saved" }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.configuration.localDelivery = .lmtp(HostAndPort("127.0.0.1:\(sink.port)")!)
      var envelope = Envelope.test("m1", to: ["full@a.example", "x@a.example"], .local, at: setup.clock.now)
      envelope.body = .binaryMIME
      try setup.queue.add(envelope, content: Self.binary)
      try await setup.expectRun(RunSummary(delivered: 1, deferred: 1))
      #expect(sink.mails.first?.content == "Return-Path: <s@sender.example>\r\n" + Self.binary)
    }
  }

  // MARK: requests

  @Test func requestsReachTheNextHop() async throws {
    try await SinkServer.serving(Self.server("DSN", "MT-PRIORITY", "DELIVERBY")) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      var envelope = Envelope.test("m1", to: ["x@a.example", "y@a.example"], at: setup.clock.now)
      envelope.requests.envelopeID = "id 1"
      envelope.requests.return = .full
      envelope.requests.priority = 3
      envelope.requests.deliverBy = .init(deadline: setup.clock.now + .seconds(100), mode: .return)
      envelope.recipients[0].notification = RecipientNotification(notify: [.success])
      envelope.recipients[0].forwardedFor = Mailbox("list@us.example")
      try setup.queue.add(envelope, content: "A: b\r\n\r\n")
      try await setup.expectRun(RunSummary(delivered: 2))
      // The forwarded copy is another one: it names its forwarder.
      let size = "Delivered-To: list@us.example\r\n".utf8.count + 8
      for line in [
        "MAIL FROM:<s@sender.example> SIZE=\(size) RET=FULL ENVID=id+201 BY=100;R MT-PRIORITY=3",
        "RCPT TO:<x@a.example> NOTIFY=SUCCESS ORCPT=rfc822;list@us.example", "RCPT TO:<y@a.example>",
      ] { #expect(sink.lines.contains(line), "\(line)") }
    }
  }
}
