import MTACore
import MTATLS
import MTATestSupport
import NIOPosix
import SuiteTurns
import Testing

@testable import MTADelivery

/// What is posted, to where, and what the answer means.
@Suite(.endsHangs) struct WebhookTests {
  private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

  @Test(arguments: [
    ("https://hooks.example/mail", "hooks.example:443", "/mail"), ("https://hooks.example", "hooks.example:443", "/"),
    ("https://hooks.example:8443/a?b=c/d", "hooks.example:8443", "/a?b=c/d"),
    ("https://hooks.example?x", "hooks.example:443", "/?x"), ("http://127.0.0.1:80/", "127.0.0.1:80", "/"),
    ("http://[::1]/x", "[::1]:80", "/x"),
  ]) func anEndpointIsRead(text: String, server: String, path: String) throws {
    let target = try #require(WebhookTarget(text))
    #expect("\(target.server)" == server && target.path == path)
    #expect(WebhookTarget("\(target)") == target)
  }

  @Test(arguments: [
    "", "hooks.example", "ftp://hooks.example/", "https://", "https:///x", "https://user:word@hooks.example/",
    "https://hooks.example/#x", "https://hooks.example/a b", "https://hooks.example/\r\nX: y",
    "https://hooks.example:0/",
    "https://hooks.example/ü", "https://hooks.example:99999/", "https://[::1/",
    "https://a/" + String(repeating: "x", count: 2048),
  ]) func aWrongEndpointIsRefused(text: String) { #expect(WebhookTarget(text) == nil) }

  @Test func theQueryIsNotShown() throws {
    #expect(try #require(WebhookTarget("https://hooks.example/a?key=word")).shown == "https://hooks.example/a")
  }

  /// Computed by Python's hmac module.
  @Test func theSignatureIsThatOfStandardWebhooks() throws {
    let body = Array(#"{"test": 2432232314}"#.utf8)
    let keys = try #require(WebhookKeys(Array((Self.secret + "\n").utf8)))
    let signature = keys.signature(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330, body: body)
    #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    let two = try #require(
      WebhookKeys(Array("# the new one\nwhsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\(Self.secret)".utf8)))
    let both = two.signature(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330, body: body)
    #expect(both == "v1,woH/1mJtZGSMCmpFTxRYbStS24eLLD/oXIYr4PYyZ7g= " + signature)
  }

  @Test(arguments: [
    "", "\n# none\n", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_AAAA",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
    secret + "\nword", String(repeating: secret + "\n", count: 5),
  ]) func aWrongSecretIsRefused(text: String) { #expect(WebhookKeys(Array(text.utf8)) == nil) }

  @Test func statusesHaveTheirMeaning() {
    for code in [200, 201, 204, 299] { #expect(WebhookAnswer(status: UInt(code)) == .taken) }
    for code in [400, 413, 422] { #expect(WebhookAnswer(status: UInt(code)) == .refused(UInt(code))) }
    #expect(WebhookAnswer(status: 410) == .gone)
    for code in [301, 302, 307, 401, 403, 404, 408, 429, 500, 503, 999] {
      #expect(WebhookAnswer(status: UInt(code)) == .away("answered \(code)", after: nil))
    }
    #expect(WebhookAnswer(status: 503, retryAfter: "120") == .away("answered 503", after: 120))
    #expect(WebhookAnswer(status: 429, retryAfter: "999999999") == .away("answered 429", after: 3600))
    for odd in ["", "-1", "1.5", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT"] {
      #expect(WebhookAnswer(status: 429, retryAfter: odd) == .away("answered 429", after: nil))
    }
  }

  private static func post(
    to url: String, roots: TLSContext.TrustRoots = .system, limit: Duration = .seconds(60)
  ) throws -> WebhookPost {
    try WebhookPost(
      try #require(WebhookTarget(url)), keys: WebhookKeys(Array(secret.utf8)), dns: LiteralZone(),
      group: MultiThreadedEventLoopGroup.singleton, trustRoots: roots, timeLimit: limit)
  }

  @Test func anEventIsPosted() async throws {
    try await EventEndpoint.serving { endpoint in
      let post = try Self.post(to: "http://127.0.0.1:\(endpoint.port)/in?from=mta")
      let now = Timestamp(milliseconds: 1_800_000_000_999)
      #expect(await post(id: "evt_1", body: Array(#"{"a":1}"#.utf8), at: now) == .taken)
      let request = try #require(endpoint.requests.first)
      #expect(request.head.hasPrefix("POST /in?from=mta HTTP/1.1\r\n"))
      #expect(request.body == #"{"a":1}"#)
      #expect(request.field("webhook-id") == "evt_1" && request.field("webhook-timestamp") == "1800000000")
      #expect(request.field("content-type") == "application/json")
      let keys = try #require(WebhookKeys(Array(Self.secret.utf8)))
      #expect(
        request.field("webhook-signature")
          == keys.signature(id: "evt_1", at: 1_800_000_000, body: Array(#"{"a":1}"#.utf8)))
    }
  }

  @Test(arguments: [
    (EventEndpoint.Answer.status(302), "answered 302"), (.raw("garbage\r\n\r\n"), "the answer is not HTTP"),
    (.raw(""), "the answer is not HTTP"), (.raw("HTTP/1.1 2"), "the answer is not HTTP"),
    (.raw("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 200_000)), "the answer is not HTTP"),
  ]) func trouble(answer: EventEndpoint.Answer, says: String) async throws {
    try await EventEndpoint.serving(answer) { endpoint in
      let post = try Self.post(to: "http://127.0.0.1:\(endpoint.port)/")
      let came = await post(id: "evt_1", body: [], at: Timestamp(milliseconds: 0))
      guard case .away(let reason, nil) = came else {
        Issue.record("\(came)")
        return
      }
      #expect(reason.hasPrefix(says), "\(reason)")
      #expect(endpoint.requests.count == 1, "and a redirection is not followed")
    }
  }

  @Test func anEndpointThatHangsIsLeft() async throws {
    try await EventEndpoint.serving(.silence) { endpoint in
      let post = try Self.post(to: "http://127.0.0.1:\(endpoint.port)/", limit: .seconds(1))
      #expect(await post(id: "evt_1", body: [], at: Timestamp(milliseconds: 0)) == .away("timed out", after: nil))
    }
  }

  @Test func aCancelledTaskWaitsForNothing() async throws {
    try await EventEndpoint.serving(.silence) { endpoint in
      let post = try Self.post(to: "http://127.0.0.1:\(endpoint.port)/", limit: .seconds(3600))
      let task = Task { await post(id: "evt_1", body: [], at: Timestamp(milliseconds: 0)) }
      try await eventually("it asks") { !endpoint.requests.isEmpty }
      task.cancel()
      #expect(await task.value == .away("cancelled", after: nil))
    }
  }

  @Test func theCertificateMustBeTrusted() async throws {
    try await EventEndpoint.serving(tls: try TestCertificate.Issued.server()) { endpoint in
      let post = try Self.post(to: "https://127.0.0.1:\(endpoint.port)/")
      let came = await post(id: "evt_1", body: [], at: Timestamp(milliseconds: 0))
      guard case .away(let reason, _) = came else {
        Issue.record("\(came)")
        return
      }
      #expect(reason.contains("not trusted"), "\(reason)")
      #expect(endpoint.requests.isEmpty)
    }
  }

  @Test func inClearNothingLeavesTheMachine() async throws {
    // A name that leads elsewhere.
    let zone = try LiteralZone("localhost A 192.0.2.1")
    let post = try WebhookPost(
      try #require(WebhookTarget("http://localhost:9/")), keys: nil, dns: zone,
      group: MultiThreadedEventLoopGroup.singleton, timeLimit: .seconds(60))
    #expect(
      await post(id: "evt_1", body: [], at: Timestamp(milliseconds: 0))
        == .away("localhost has no address that may be used", after: nil))
  }

  @Test func classesFollowTheStatus() {
    let table: [(UInt16, UInt16, Bool, BounceClass)] = [
      (1, 1, true, .badMailbox), (1, 2, false, .badDomain), (1, 10, false, .badDomain), (2, 1, true, .inactiveMailbox),
      (2, 2, true, .quota), (3, 4, false, .size), (2, 3, true, .size), (1, 8, true, .sender), (7, 1, true, .policy),
      (7, 26, true, .authentication), (6, 1, false, .content), (4, 3, false, .dns), (4, 1, false, .connection),
      (4, 2, false, .connection), (7, 5, false, .tls), (3, 1, true, .busy), (3, 1, false, .local), (4, 5, true, .busy),
      (4, 6, false, .routing), (5, 0, true, .protocol), (0, 0, true, .other), (9, 999, true, .other),
    ]
    for (subject, detail, hasReply, expected) in table {
      #expect(
        BounceClass(EnhancedStatus(subject, detail), hasReply: hasReply) == expected, "x.\(subject).\(detail)")
    }
  }
}
