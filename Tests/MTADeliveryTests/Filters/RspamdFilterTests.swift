import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

@testable import MTADelivery

@Suite(.endsHangs)
struct RspamdFilterTests {
  private func filter(
    _ server: FilterTestServer, _ options: ContentFilterOptions = ContentFilterOptions(), password: String? = nil,
    rewritesSubject: Bool = false
  ) throws -> RspamdFilter {
    RspamdFilter(
      at: server.place, options, password: password, rewritesSubject: rewritesSubject,
      dns: try MTATestSupport.LiteralZone(""), group: MultiThreadedEventLoopGroup.singleton, logger: quiet)
  }

  static func http(_ body: String, _ status: String = "200 OK") -> String {
    "HTTP/1.1 \(status)\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
      + body
  }

  static func json(_ action: String, _ more: String = "") -> String {
    #"{"is_skipped":false,"score":6.5,"required_score":15.0,"action":"\#(action)","symbols":{"#
      + #""LOW":{"name":"LOW","score":0.0},"HIGH":{"name":"HIGH","score":7.25,"options":["x"]},"GOOD":{"score":-0.75}}"#
      + #","messages":{},"milter":{"remove_headers":{"X":0}}\#(more)}"#
  }

  @Test func aMailIsAskedAbout() async throws {
    try await FilterTestServer.serving(.answers(Self.http(Self.json("no action")))) { server in
      let mail = FilterSample.mail(trace: "Received: us\r\n", to: ["ann@a.example", "bob@a.example"])
      let told = try await filter(server, password: "geheim").judge(mail).told
      #expect(
        told
          == "pass\nX-Spam-Status: No, score=6.50 required=15.00 tests=HIGH(7.25), GOOD(-0.75),\n LOW(0.00)\nX-Spam-Score: 6.50\nX-Spam-Level: ******\n"
      )
      let question = server.questions.withLockedValue { $0.first ?? "" }
      let text = "Return-Path: <s@sender.example>\r\nReceived: us\r\n" + FilterSample.content
      #expect(question.hasPrefix("POST /checkv2 HTTP/1.1\r\n"))
      #expect(question.hasSuffix("\r\n\r\n" + text))
      for field in [
        "Content-Length: \(text.utf8.count)", "Connection: close", "Queue-Id: m1", "From: <s@sender.example>",
        "Rcpt: <ann@a.example>", "Rcpt: <bob@a.example>", "IP: 192.0.2.7", "User: bob@a.example", "Password: geheim",
      ] {
        #expect(question.contains("\r\n\(field)\r\n"), "\(field)")
      }
      try await eventually("the filter sees the connection close") { server.open.withLockedValue { $0 } == 0 }
    }
  }

  @Test func overAUnixSocketAndInDrops() async throws {
    try await TemporaryFolder.using { folder in
      try await FilterTestServer.serving(.drips(Self.http(Self.json("add header"))), socket: folder + "/rspamd") {
        server in
        let told = try await filter(server).judge(FilterSample.mail()).told
        #expect(told.hasPrefix("pass\nX-Spam-Status: Yes"))
      }
    }
  }

  @Test(arguments: [
    ("no action", "", "pass\nX-Spam-Status: No"), ("greylist", "", "pass\nX-Spam-Status: No"),
    ("add header", "", "pass\nX-Spam-Status: Yes"),
    ("rewrite subject", #","subject":"*** x""#, "pass\nX-Spam-Status: Yes"),
    ("soft reject", #","messages":{"smtp_message":"Try again later\r\n250 ok"}"#, "defer Try again later??250 ok"),
    ("soft reject", "", "defer try again later"), ("reject", "", "hold it looks like spam (6.50 points)"),
    ("reject", #","messages":{"smtp_message":"Gtube pattern"}"#, "hold Gtube pattern"),
    ("quarantine", "", "hold it looks like spam (6.50 points)"), ("discard", "", "discard it looks like spam"),
  ])
  func actions(_ action: String, _ more: String, _ expected: String) async throws {
    try await FilterTestServer.serving(.answers(Self.http(Self.json(action, more)))) { server in
      let told = try await filter(server).judge(FilterSample.mail()).told
      #expect(told.hasPrefix(expected))
      #expect(!told.contains("Subject"))
    }
  }

  /// What rspamd would reject was accepted long ago: nobody gets a bounce unless the options say so.
  @Test(arguments: [
    (nil, "waiting held by the content filter: it looks like spam (6.50 points)", 0),
    (ContentFilterOptions.Rejecting.bounce, "failed 5.7.1 the content filter refuses the mail: it looks like spam", 1),
    (.discard, "delivered 2.7.1 discarded by the content filter: it looks like spam", 0),
  ])
  func whatIsToBeRejected(_ rejecting: ContentFilterOptions.Rejecting?, _ expected: String, _ reports: Int) async throws
  {
    try await FilterTestServer.serving(.answers(Self.http(Self.json("reject")))) { server in
      try await TemporaryFolder.using { folder in
        var options = ContentFilterOptions()
        if let rejecting { options.onReject = rejecting }
        var setup = Setup()
        setup.configuration.contentFilter = try filter(server, options)
        setup.configuration.localDelivery = .maildir(directory: folder + "/mail")
        try setup.queue.add(
          .test("m1", to: ["a@a.example"], .local, at: setup.clock.now), content: "Subject: x\r\n\r\nx\r\n")
        _ = try await setup.runner.runOnce()
        #expect(setup.queue.outcomes["a@a.example"]?.hasPrefix(expected) == true, "\(setup.queue.outcomes)")
        #expect(setup.queue.parcels[0].isHeld == (rejecting == nil))
        #expect(setup.queue.reports.count == reports)
        #expect(LocalDeliveryTests.files(in: folder + "/mail/a.example").isEmpty)
      }
    }
  }

  @Test func aSubjectIsRewrittenWhereWished() async throws {
    let answer = Self.http(Self.json("rewrite subject", #","subject":"*** hello""#))
    try await FilterTestServer.serving(.answers(answer)) { server in
      let told = try await filter(server, rewritesSubject: true).judge(FilterSample.mail()).told
      #expect(
        told.hasSuffix(
          "X-Spam-Flag: YES\nSubject: *** hello\n"))
    }
  }

  @Test func namesOfTestsBeginNoField() async throws {
    let body =
      #"{"score":1,"action":"no action","symbols":{"A\r\nBcc: x@y.example\r\n\r\n":{"score":1},"\u0000\u001b[1m":{}}}"#
    try await FilterTestServer.serving(.answers(Self.http(body))) { server in
      let told = try await filter(server).judge(FilterSample.mail()).told
      #expect(
        told
          == "pass\nX-Spam-Status: No, score=1.00 tests=A__Bcc:_x_y.example____(1.00), ___1m(0.00)\nX-Spam-Score: 1.00\nX-Spam-Level: *\n"
      )
    }
  }

  @Test func valuesOfHeaderFieldsBeginNoField() async throws {
    try await FilterTestServer.serving(.answers(Self.http(Self.json("no action")))) { server in
      _ = try await filter(server, password: "a\r\nX-Evil: 1").judge(FilterSample.mail())
      let question = server.questions.withLockedValue { $0.first ?? "" }
      #expect(!question.contains("Evil") && question.contains("Queue-Id"))
    }
  }

  static let badManners: [BadManner] = [
    BadManner(name: "drop at connect", manner: .leaves(after: .connect), summary: "the filter hung up"),
    BadManner(name: "drop in the mail", manner: .leaves(after: .head), summary: "the filter hung up"),
    BadManner(name: "drop behind the mail", manner: .leaves(after: .content), summary: "the filter hung up"),
    BadManner(name: "garbage", manner: .answers("220 mx.example ESMTP\r\n\r\n"), summary: nonsense),
    BadManner(name: "no JSON", manner: .answers(http("<html>")), summary: nonsense),
    BadManner(name: "half JSON", manner: .answers(http(String(json("reject").dropLast()))), summary: nonsense),
    BadManner(name: "no object", manner: .answers(http("[]")), summary: nonsense),
    BadManner(name: "no score", manner: .answers(http(#"{"action":"reject"}"#)), summary: nonsense),
    BadManner(name: "no action", manner: .answers(http(#"{"score":1}"#)), summary: nonsense),
    BadManner(name: "odd action", manner: .answers(http(#"{"score":1,"action":"sing"}"#)), summary: nonsense),
    BadManner(name: "odd score", manner: .answers(http(#"{"score":1e99,"action":"reject"}"#)), summary: nonsense),
    BadManner(name: "score as text", manner: .answers(http(#"{"score":"1","action":"reject"}"#)), summary: nonsense),
    BadManner(name: "empty", manner: .answers(http("")), summary: nonsense),
    BadManner(
      name: "an error", manner: .answers(http(#"{"error":"x"}"#, "403 Forbidden")), summary: "the filter failed"),
    BadManner(
      name: "a redirect", manner: .answers("HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n"),
      summary: "the filter failed"),
    BadManner(
      name: "two lengths", manner: .answers("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
      summary: nonsense),
    BadManner(
      name: "endless header", manner: .chatters("HTTP/1.1 200 OK\r\n", "X-More: yes\r\n"), summary: nonsense),
    BadManner(
      name: "endless line", manner: .chatters("HTTP/1.1 200 OK\r\nX-", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
      summary: nonsense),
    BadManner(
      name: "endless promises", manner: .chatters("", "HTTP/1.1 100 Continue\r\n\r\n"), summary: nonsense),
    BadManner(
      name: "endless body", manner: .chatters("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "[[[[[[[["),
      summary: nonsense),
    BadManner(
      name: "endless chunks", manner: .chatters("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n[\r\n"),
      summary: nonsense),
    BadManner(name: "silence", manner: .stallsAfter(""), summary: late, isSlow: true),
    BadManner(name: "silence in the head", manner: .stallsAfter("HTTP/1.1 200 OK\r\n"), summary: late, isSlow: true),
    BadManner(
      name: "silence in the body", manner: .stallsAfter(String(http(json("reject")).dropLast())), summary: late,
      isSlow: true),
    BadManner(name: "slow drip", manner: .creeps("HTTP/1.1 200 OK\r\nX-"), summary: late, isSlow: true),
  ]
  static let nonsense = "the filter's answer makes no sense"
  static let late = "the filter did not answer in time"

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

  /// A body that is cut short is no answer, even where JSON ends before its length does.
  @Test func aLengthThatIsNotKept() async throws {
    let answer = Self.http(Self.json("reject")).replacing("Content-Length: ", with: "Content-Length: 9")
    try await FilterTestServer.serving(.answers(answer)) { server in
      let told = try await filter(server).judge(FilterSample.mail()).told
      #expect(told.hasPrefix("pass\nX-Spam-Checked: no"))
    }
  }
}
