import Foundation
import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import NIOCore
import Testing

/// LMTP, local SMTP and Maildir.
struct LocalDeliveryTests {
  static let text = "Subject: x\r\n\r\n.dot\r\nend\r\n"

  struct Stamp: MailSigner {
    func signature(for envelope: Envelope, _ content: StoredContent, at now: Timestamp) async throws -> ByteBuffer? {
      ByteBuffer(string: "DKIM-Signature: s\r\n")
    }
  }

  static func files(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  static func read(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }

  @Test func lmtpGetsTraceFieldsAndAnswersForEach() async throws {
    var behaviour = SinkServer.Behaviour(isLMTP: true)
    behaviour.endOfContent = { $0 == "<full@a.example>" ? "452 4.2.2 quota" : "250 2.1.5 saved" }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.signer = Stamp()
      setup.configuration.localDelivery = .lmtp(HostAndPort("127.0.0.1:\(sink.port)")!)
      try setup.queue.add(
        .test("m1", to: ["full@a.example", "x@a.example", "x@b.example"], .local, at: setup.clock.now),
        trace: "Received: us\r\n",
        content: Self.text)
      try setup.queue.add(
        .test("m2", from: "<>", to: ["y@a.example"], .local, at: setup.clock.now, isSubmission: true),
        trace: "Received: us\r\n",
        content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 3, deferred: 1))
      let mails = sink.mails.sorted { $0.to.count > $1.to.count }
      // Several recipients: none learns of the others.
      #expect(mails[0].content == "Return-Path: <s@sender.example>\r\nReceived: us\r\n" + Self.text)
      #expect(
        mails[1].content == "Return-Path: <>\r\nDelivered-To: y@a.example\r\nDKIM-Signature: s\r\nReceived: us\r\n"
          + Self.text)
      #expect(setup.queue.outcomes["full@a.example"] == "waiting 452 4.2.2 quota (in reply to end of DATA)")
    }
  }

  @Test func lmtpOverAUnixSocket() async throws {
    try await TemporaryFolder.using { folder in
      try await SinkServer.serving(.init(isLMTP: true), unixSocket: folder + "/lmtp") { sink in
        var setup = Setup()
        setup.configuration.localDelivery = LocalDelivery("lmtp:\(folder)/lmtp")!
        try setup.queue.add(.test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: Self.text)
        try await setup.expectRun(RunSummary(delivered: 1))
        #expect(sink.lines.first == "LHLO us.example")
        #expect(setup.queue.parcels[0].result?.host == folder + "/lmtp")
      }
    }
  }

  /// What is said to a server without SMTPUTF8 is ASCII, in the fields for it as in the envelope.
  @Test func internationalDomainsAreSpelledAsTheServerMayHearThem() async throws {
    for (capability, domain) in [("8BITMIME", "xn--bcher-kva.example"), ("SMTPUTF8", "b\u{FC}cher.example")] {
      var behaviour = SinkServer.Behaviour(isLMTP: true)
      behaviour.capabilities = ["PIPELINING", capability]
      try await SinkServer.serving(behaviour) { sink in
        var setup = Setup()
        setup.configuration.localDelivery = .lmtp(HostAndPort("127.0.0.1:\(sink.port)")!)
        try setup.queue.add(
          .test("m1", from: "<s@b\u{FC}cher.example>", to: ["x@b\u{FC}cher.example"], .local, at: setup.clock.now),
          content: Self.text)
        try await setup.expectRun(RunSummary(delivered: 1))
        let mail = try #require(sink.mails.first)
        #expect(mail.from.hasPrefix("<s@\(domain)>"))
        #expect(mail.to == ["<x@\(domain)>"])
        #expect(mail.content.hasPrefix("Return-Path: <s@\(domain)>\r\nDelivered-To: x@\(domain)\r\n"))
      }
    }
  }

  private static let foreign =
    "Return-Path: <forged@bank.example>\r\nDelivered-To: z@other.example\r\nSubject: x\r\nReturn-Path\u{b}: <b@c>,\r\n <d@e>\r\n"
    + "X-Return-Path: stays\r\nRETURN-PATH :\r\n\r\nReturn-Path: is text\r\n"
  private static let own =
    "Return-Path: <s@sender.example>\r\nDelivered-To: x@a.example\r\nReceived: us\r\nDelivered-To: z@other.example\r\nSubject: x\r\n"
    + "X-Return-Path: stays\r\n\r\nReturn-Path: is text\r\n"

  /// RFC 5321 §4.4: what a copy says of its sender where it leaves SMTP is what the envelope says, once.
  @Test func filedMailHasOurReturnPathAlone() async throws {
    try await TemporaryFolder.using { folder in
      var setup = Setup()
      setup.configuration.localDelivery = .maildir(directory: folder + "/mail")
      var envelope = Envelope.test("m1", to: ["x@a.example"], .local, at: setup.clock.now)
      envelope.hasReturnPath = true
      try setup.queue.add(envelope, trace: "Received: us\r\n", content: Self.foreign)
      try await setup.expectRun(RunSummary(delivered: 1))
      let new = folder + "/mail/a.example/x/new"
      let filed = try Self.read(new + "/" + (Self.files(in: new).first ?? ""))
      #expect(filed == Self.own.replacingOccurrences(of: "\r\n", with: "\n"))
    }
  }

  /// A user's folder has what came for the user's name with a detail; a mailbox whose own name has a delimiter has a folder of its own.
  @Test func maildirsAreThoseOfUsers() async throws {
    try await TemporaryFolder.using { folder in
      var setup = Setup()
      setup.configuration.localDelivery = .maildir(directory: folder)
      setup.configuration.recipientDelimiter = RecipientDelimiter("+")
      var envelope = Envelope.test(
        "m1", to: ["ann+a@a.example", "Ann+b@A.example", "list+all@a.example", "bob+c@a.example"], .local,
        at: setup.clock.now)
      let owners = ["ann@a.example", "ann@a.example", "list+all@a.example", "17"]
      for (place, owner) in owners.enumerated() {
        envelope.recipients[place].client = ClientRecord(mailboxID: owner, delivery: .local)
      }
      try setup.queue.add(envelope, content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 4))
      #expect(Self.files(in: folder + "/a.example") == ["ann", "bob+c", "list+all"])
      #expect(Self.files(in: folder + "/a.example/ann/new").count == 2)
    }
  }

  /// Relays must not look for it, and leave it; a server that speaks LMTP is the end.
  @Test(arguments: [true, false]) func serversGetItAsTheyAreTheEndOrNot(isLMTP: Bool) async throws {
    try await SinkServer.serving(.init(isLMTP: isLMTP)) { sink in
      var setup = Setup()
      setup.configuration.localDelivery = LocalDelivery("\(isLMTP ? "lmtp" : "smtp"):127.0.0.1:\(sink.port)")!
      var envelope = Envelope.test("m1", to: ["x@a.example"], .local, at: setup.clock.now)
      envelope.hasReturnPath = true
      try setup.queue.add(envelope, trace: "Received: us\r\n", content: Self.foreign)
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(sink.mails.map(\.content) == [isLMTP ? Self.own : "Received: us\r\n" + Self.foreign])
    }
  }

  @Test func smtpToAFixedHostAddsNothing() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup()
      setup.configuration.localDelivery = LocalDelivery("smtp:127.0.0.1:\(sink.port)")!
      try setup.queue.add(.test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(sink.mails.map(\.content) == [Self.text])
    }
  }

  @Test func maildirKeepsTheTextWithLineFeeds() async throws {
    try await TemporaryFolder.using { folder in
      var setup = Setup()
      setup.configuration.localDelivery = .maildir(directory: folder + "/mail")
      let big = String(repeating: "0123456789\r\n", count: 20_000)
      try setup.queue.add(
        .test("m1", to: ["John.Doe@A.example", "jane@a.example"], .local, at: setup.clock.now),
        trace: "Received: us\r\n",
        content: Self.text + big)
      try await setup.expectRun(RunSummary(delivered: 2))
      for (name, address) in [("john.doe", "John.Doe@a.example"), ("jane", "jane@a.example")] {
        let mailbox = folder + "/mail/a.example/" + name
        #expect(Self.files(in: mailbox) == ["cur", "new", "tmp"])
        #expect(Self.files(in: mailbox + "/tmp").isEmpty)
        let files = Self.files(in: mailbox + "/new")
        #expect(files.count == 1)
        let path = mailbox + "/new/" + (files.first ?? "")
        // Each copy has one recipient, so each names its own.
        let expected =
          "Return-Path: <s@sender.example>\r\nDelivered-To: \(address)\r\nReceived: us\r\n" + Self.text + big
        let filed = try Self.read(path)
        #expect(filed == expected.replacingOccurrences(of: "\r\n", with: "\n"))
        #expect(files.first?.hasSuffix(".us.example") == true)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let folderMode = try FileManager.default.attributesOfItem(atPath: mailbox)[.posixPermissions] as? Int
        #expect(folderMode == 0o700)
      }
    }
  }

  @Test func namesLeadNowhereElse() async throws {
    try await TemporaryFolder.using { folder in
      var setup = Setup()
      setup.configuration.localDelivery = .maildir(directory: folder + "/mail")
      try setup.queue.add(
        .test(
          "m1", to: ["\"../../../evil\"@a.example", "\"..\"@a.example", "\"a/b\"@a.example", "a%b@a.example"], .local,
          at: setup.clock.now),
        content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 4))
      #expect(Self.files(in: folder) == ["mail"])
      #expect(Self.files(in: folder + "/mail") == ["a.example"])
      #expect(Self.files(in: folder + "/mail/a.example") == ["%2E.", "%2E.%2F..%2F..%2Fevil", "a%25b", "a%2Fb"])
    }
  }

  @Test func aFolderThatCannotBeWrittenDefers() async throws {
    try await TemporaryFolder.using { folder in
      _ = FileManager.default.createFile(atPath: folder + "/mail", contents: Data())
      var setup = Setup()
      setup.configuration.localDelivery = .maildir(directory: folder + "/mail")
      try setup.queue.add(.test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(deferred: 1))
    }
  }

  /// Binary mail is no text of lines: not an octet of it changes.
  @Test func maildirTakesBinaryMailByteForByte() async throws {
    try await TemporaryFolder.using { folder in
      var setup = Setup()
      setup.configuration.localDelivery = .maildir(directory: folder)
      let content = "Content-Transfer-Encoding: binary\r\n\r\na\rb\nc\u{0}\r\nd"
      var envelope = Envelope.test("m1", to: ["x@a.example"], .local, at: setup.clock.now)
      envelope.body = .binaryMIME
      try setup.queue.add(envelope, content: content)
      try await setup.expectRun(RunSummary(delivered: 1))
      let file = try #require(Self.files(in: folder + "/a.example/x/new").first)
      let filed = try Self.read(folder + "/a.example/x/new/" + file)
      #expect(filed == "Return-Path: <s@sender.example>\r\nDelivered-To: x@a.example\r\n" + content)
    }
  }

  @Test(arguments: [(ENOSPC, "4.3.1"), (EDQUOT, "4.2.2"), (EIO, "4.3.0")])
  func aDiskThatTakesNoMoreDefers(_ code: Int32, _ status: String) async throws {
    try await TemporaryFolder.using { folder in
      for point: FaultPoint in ["maildir.create", "maildir.write", "maildir.sync", "maildir.rename"] {
        let faults = FaultPlan()
        var setup = Setup()
        setup.files = DurableFiles(faults: faults)
        setup.configuration.localDelivery = .maildir(directory: folder)
        faults.inject(.fails(code), at: point)
        try setup.queue.add(
          .test("m1", to: ["x@a.example", "y@a.example"], .local, at: setup.clock.now), content: Self.text)
        // One mailbox that cannot be written says nothing of the other.
        try await setup.expectRun(RunSummary(delivered: 1, deferred: 1))
        #expect(setup.queue.outcomes["x@a.example"]?.hasPrefix("waiting \(status) ") == true, "\(point)")
        #expect(Self.files(in: folder + "/a.example/x/tmp").isEmpty)
        #expect(Self.files(in: folder + "/a.example/x/new").isEmpty)
      }
    }
  }

  /// Another process has the very name.
  @Test func aNameThatIsTakenIsLeft() async throws {
    try await TemporaryFolder.using { folder in
      let faults = FaultPlan()
      var setup = Setup()
      setup.files = DurableFiles(faults: faults)
      setup.configuration.localDelivery = .maildir(directory: folder)
      faults.inject(.fails(EEXIST), at: "maildir.create")
      try setup.queue.add(.test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
    }
  }

  @Test func withoutTransportLocalMailWaits() async throws {
    let setup = Setup()
    try setup.queue.add(.test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: Self.text)
    try await setup.expectRun(RunSummary(deferred: 1))
  }
}
