import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

@Suite(.endsHangs)
struct SpamAssassinFilterTests {
  static let ham = "SPAMD/1.1 0 EX_OK\r\nContent-length: 11\r\nSpam: False ; 1.2 / 5.0\r\n\r\nNO_DATE,ABC"
  static let spam = "SPAMD/1.1 0 EX_OK\r\nContent-length: 5\r\nSpam: True ; 7.26 / 5.0\r\n\r\nGTUBE"

  private func filter(
    _ server: FilterTestServer, _ options: ContentFilterOptions = ContentFilterOptions(),
    user: SpamAssassinFilter.User = .none
  ) throws -> SpamAssassinFilter {
    SpamAssassinFilter(
      at: server.place, options, user: user, dns: try MTATestSupport.LiteralZone(""),
      group: MultiThreadedEventLoopGroup.singleton, logger: quiet)
  }

  @Test func aMailIsAskedAboutAndItsCopiesToldWhatCameOfIt() async throws {
    try await FilterTestServer.serving(.answers(Self.ham)) { server in
      let verdict = try await filter(server).judge(FilterSample.mail(trace: "Received: us\r\n"))
      #expect(
        verdict.told
          == "pass\nX-Spam-Status: No, score=1.20 required=5.00 tests=NO_DATE, ABC\nX-Spam-Score: 1.20\nX-Spam-Level: *\n"
      )
      let text =
        "Return-Path: <s@sender.example>\r\nReceived: us\r\n" + FilterSample.content
      #expect(
        server.questions.withLockedValue { $0 }
          == ["SYMBOLS SPAMC/1.5\r\nContent-length: \(text.utf8.count)\r\n\r\n" + text])
      try await eventually("the filter sees the connection close") { server.open.withLockedValue { $0 } == 0 }
    }
  }

  @Test func spamIsMarked() async throws {
    try await FilterTestServer.serving(.drips(Self.spam)) { server in
      let verdict = try await filter(server).judge(FilterSample.mail())
      #expect(
        verdict.told
          == "pass\nX-Spam-Status: Yes, score=7.26 required=5.00 tests=GTUBE\nX-Spam-Score: 7.26\nX-Spam-Level: *******\nX-Spam-Flag: YES\n"
      )
    }
  }

  @Test func overAUnixSocketAndForAUser() async throws {
    try await TemporaryFolder.using { folder in
      try await FilterTestServer.serving(.answers(Self.ham), socket: folder + "/spamd") { server in
        _ = try await filter(server, user: .recipient).judge(FilterSample.mail())
        _ = try await filter(server, user: .recipient).judge(FilterSample.mail(to: ["a@a.example", "b@a.example"]))
        _ = try await filter(server, user: .named("mail")).judge(FilterSample.mail())
        _ = try await filter(server, user: .named("mail\r\nX: y")).judge(FilterSample.mail())
        let users = server.questions.withLockedValue { $0 }.map { question in
          question.split(separator: "\r\n").first { $0.hasPrefix("User:") || $0.hasPrefix("X:") }.map(String.init)
        }
        #expect(users == ["User: ann@a.example", nil, "User: mail", nil])
      }
    }
  }

  @Test func theHostMayBeAName() async throws {
    try await FilterTestServer.serving(.answers(Self.ham)) { server in
      guard case .server(var place) = server.place else { return }
      for (host, isThere) in [("localhost", true), ("spam.example", true), ("none.example", false)] {
        place.host = .name(try #require(DNSName(host)))
        let filter = SpamAssassinFilter(
          at: .server(place), dns: try MTATestSupport.LiteralZone("spam.example A 127.0.0.2\nspam.example A 127.0.0.1"),
          group: MultiThreadedEventLoopGroup.singleton, logger: quiet)
        let told = await filter.judge(FilterSample.mail()).told
        #expect(
          told.hasPrefix(
            isThere ? "pass\nX-Spam-Status: No" : "pass\nX-Spam-Checked: no (the filter cannot be reached)"))
      }
    }
  }

  @Test func aLargeMailIsNotAskedAbout() async throws {
    try await FilterTestServer.serving(.answers(Self.spam)) { server in
      var options = ContentFilterOptions()
      options.maximumBytes = 100
      options.failing = .closed
      let long = FilterSample.content + String(repeating: "x", count: 100)
      let told = try await filter(server, options).judge(FilterSample.mail(long)).told
      #expect(
        told
          == "pass\nX-Spam-Checked: no (larger than 100 octets)\n")
      #expect(server.questions.withLockedValue { $0 }.isEmpty)
    }
  }

  @Test(arguments: [
    (nil as Double?, 7.26 as Double?, nil as Double?, "hold it looks like spam (7.26 points)"),
    (nil, 7.27, nil, "pass"), (nil, 5, 7, "reject it looks like spam (7.26 points)"), (nil, 5, 8, "hold"),
    (7.3, nil, nil, "pass\nX-Spam-Status: No"), (7.2, nil, nil, "pass\nX-Spam-Status: Yes"),
  ])
  func pointsDecide(_ marks: Double?, _ holds: Double?, _ rejects: Double?, _ expected: String) async throws {
    try await FilterTestServer.serving(.answers(Self.spam)) { server in
      var options = ContentFilterOptions()
      (options.marksFrom, options.holdsFrom, options.rejectsFrom) = (marks, holds, rejects)
      let told = try await filter(server, options).judge(FilterSample.mail()).told
      #expect(told.hasPrefix(expected))
    }
  }

  static let badManners: [BadManner] = [
    BadManner(name: "drop at connect", manner: .leaves(after: .connect), summary: "the filter hung up"),
    BadManner(name: "drop in the mail", manner: .leaves(after: .head), summary: "the filter hung up"),
    BadManner(name: "drop behind the mail", manner: .leaves(after: .content), summary: "the filter hung up"),
    BadManner(name: "drop in the status", manner: .answers("SPAMD/1.1 0"), summary: "the filter hung up"),
    BadManner(
      name: "drop in the header", manner: .answers("SPAMD/1.1 0 EX_OK\r\nSpam: Tr"), summary: "the filter hung up"),
    BadManner(
      name: "drop in the body", manner: .answers(String(spam.dropLast())), summary: "the filter hung up"),
    BadManner(
      name: "wrong length", manner: .answers(spam + "X"), summary: "the filter's answer makes no sense"),
    BadManner(
      name: "no length", manner: .answers("SPAMD/1.1 0 EX_OK\r\nSpam: True ; 7.2 / 5.0\r\n\r\n"),
      summary: "the filter's answer makes no sense"),
    BadManner(
      name: "huge length",
      manner: .answers("SPAMD/1.1 0 EX_OK\r\nContent-length: 999999999\r\nSpam: True ; 7.2 / 5.0\r\n\r\n"),
      summary: "the filter's answer makes no sense"),
    BadManner(
      name: "overflowing length", manner: .answers("SPAMD/1.1 0 EX_OK\r\nContent-length: 99999999999999999999\r\n\r\n"),
      summary: "the filter's answer makes no sense"),
    BadManner(
      name: "garbage", manner: .answers("220 mx.example ESMTP\r\n"), summary: "the filter's answer makes no sense"),
    BadManner(
      name: "an error", manner: .answers("SPAMD/1.0 76 Bad header line: x\r\n"), summary: "the filter failed"),
    BadManner(
      name: "endless line", manner: .chatters("SPAMD/1.1 0 EX_OK\r\nX-", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
      summary: "the filter's answer makes no sense"),
    BadManner(
      name: "endless lines", manner: .chatters("SPAMD/1.1 0 EX_OK\r\n", "X-More: yes\r\n"),
      summary: "the filter's answer makes no sense"),
    BadManner(name: "silence", manner: .stallsAfter(""), summary: "the filter did not answer in time", isSlow: true),
    BadManner(
      name: "silence in the header", manner: .stallsAfter("SPAMD/1.1 0 EX_OK\r\nSpam: True ; 7.2 / 5.0\r\n"),
      summary: "the filter did not answer in time", isSlow: true),
    BadManner(
      name: "slow drip", manner: .creeps("SPAMD/1.1 0 EX_OK\r\nX-"), summary: "the filter did not answer in time",
      isSlow: true),
  ]

  @Test(arguments: badManners, [ContentFilterOptions.Failing.open, .closed])
  func failing(_ bad: BadManner, _ failing: ContentFilterOptions.Failing) async throws {
    try await FilterTestServer.serving(bad.manner) { server in
      var options = ContentFilterOptions()
      options.failing = failing
      if bad.isSlow { options.timeLimit = .seconds(1) }
      let told = try await filter(server, options).judge(FilterSample.mail()).told
      #expect(told == (failing == .open ? "pass\nX-Spam-Checked: no (\(bad.summary))\n" : "defer \(bad.summary)"))
      // A server that is silent does not learn that the connection was closed: half of it may be.
      try await eventually("the filter sees the connection close") {
        bad.isSlow || server.open.withLockedValue { $0 } == 0
      }
    }
  }

  @Test(arguments: [ContentFilterOptions.Failing.open, .closed])
  func nobodyThere(_ failing: ContentFilterOptions.Failing) async throws {
    let server = try await FilterTestServer(.stallsAfter(""))
    try await server.close()
    var options = ContentFilterOptions()
    options.failing = failing
    let told = try await filter(server, options).judge(FilterSample.mail()).told
    let summary = "the filter cannot be reached"
    #expect(told == (failing == .open ? "pass\nX-Spam-Checked: no (\(summary))\n" : "defer \(summary)"))
  }

  /// A server that does not read: the mail is larger than what the system keeps for it.
  @Test func aServerThatDoesNotRead() async throws {
    try await FilterTestServer.serving(.interrupts("")) { server in
      var options = ContentFilterOptions()
      options.maximumBytes = 50_000_000
      options.timeLimit = .seconds(1)
      let large = FilterSample.content + String(repeating: "0123456789abcde\n", count: 1_000_000)
      let told = try await filter(server, options).judge(FilterSample.mail(large)).told
      #expect(
        told
          == "pass\nX-Spam-Checked: no (the filter did not answer in time)\n")
    }
  }

  /// An answer that comes before the mail was read is an answer.
  @Test func anEarlyAnswer() async throws {
    try await FilterTestServer.serving(.interrupts(Self.spam)) { server in
      var options = ContentFilterOptions()
      options.maximumBytes = 50_000_000
      let large = FilterSample.content + String(repeating: "0123456789abcde\n", count: 1_000_000)
      let told = try await filter(server, options).judge(FilterSample.mail(large)).told
      #expect(told.hasPrefix("pass\nX-Spam-Status: Yes"))
    }
  }

  @Test func contentThatCannotBeReadIsTriedAgain() async throws {
    try await FilterTestServer.serving(.answers(Self.ham)) { server in
      let envelope = Envelope.test("m1", to: ["ann@a.example"], .local, at: Timestamp(milliseconds: 0))
      let broken = StoredContent(trace: .init(), size: 100) { _, _ throws(StoreFailure) in throw .failed("disk") }
      let mail = FilteredMail(envelope, to: envelope.recipients.map(\.mailbox), broken)
      let told = try await filter(server).judge(mail).told
      #expect(told == "defer the content cannot be read")
    }
  }

  /// Our own end must not let a mail through unchecked.
  @Test func aCheckThatIsCutShortDefers() async throws {
    try await FilterTestServer.serving(.stallsAfter("")) { server in
      let filter = try self.filter(server)
      let check = Task { await filter.judge(FilterSample.mail()) }
      try await eventually("the filter is asked") { server.questions.withLockedValue { !$0.isEmpty } }
      check.cancel()
      #expect(await check.value.told == "defer the check was cut short")
    }
  }

  /// Three are answered only when three have come.
  @Test func checksRunSideBySide() async throws {
    try await FilterTestServer.serving(.gathers(3, Self.ham)) { server in
      var options = ContentFilterOptions()
      options.maximumChecks = 3
      let filter = try self.filter(server, options)
      let told = await withTaskGroup(of: String.self) { group in
        for _ in 0..<3 { group.addTask { await filter.judge(FilterSample.mail()).told } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(told.allSatisfy { $0.hasPrefix("pass\nX-Spam-Status") }, "\(told)")
    }
  }

  @Test func oneCheckTooManyHasNoTurn() async throws {
    try await FilterTestServer.serving(.stallsAfter("")) { server in
      var options = ContentFilterOptions()
      options.maximumChecks = 2
      options.waitLimit = .milliseconds(50)
      let filter = try self.filter(server, options)
      let two = (0..<2).map { _ in Task { await filter.judge(FilterSample.mail()).told } }
      try await eventually("the filter is asked twice") { server.questions.withLockedValue { $0.count } >= 2 }
      #expect(await filter.judge(FilterSample.mail()).told == "pass\nX-Spam-Checked: no (the filter is busy)\n")
      #expect(server.questions.withLockedValue { $0.count } == 2)
      for task in two { task.cancel() }
      for task in two { #expect(await task.value == "defer the check was cut short") }
    }
  }
}
