import NIOCore
import Testing

@testable import MTACore

/// What EHLO says of AUTH, and that AUTH takes nothing else.
@Suite struct AuthAnnouncementTests {
  /// A mechanism that needs TLS, and believes everybody.
  private struct Trusting: SASLMechanism {
    let name = "X-TRUSTING"
    func isOffered(over encryption: Encryption?) -> Bool { encryption != nil }
    func makeExchange(_ context: SASLContext) -> any SASLExchange { Exchange(offered: context.offered) }

    struct Exchange: SASLExchange {
      let offered: [String]
      mutating func start(_ initial: [UInt8]?) -> SASLStep { .challenge(Array(offered.joined(separator: " ").utf8)) }
      mutating func receive(_ response: [UInt8]) -> SASLStep {
        .finished(Credentials(mechanism: "X-TRUSTING", username: "", proof: .verified))
      }
    }
  }

  private func session(_ change: (inout SessionConfiguration) -> Void = { _ in }) throws -> ServerSession {
    var configuration = SessionConfiguration(
      serverName: "mx.example", postmaster: Mailbox("root@local.example"))
    configuration.greetingRules = [DomainRequiredRule()]
    configuration.mechanisms = [Trusting(), SASLPlain()]
    change(&configuration)
    var session = ServerSession(configuration, ConnectionFacts(remoteAddress: .loopback4))
    _ = session.receive(.connected)
    _ = session.receive(.answer(.connect(.proceed)))
    return session
  }

  private func say(_ session: inout ServerSession, _ line: String) -> ServerSession.Action? {
    var buffer = ByteBuffer(string: line + "\r\n")
    return session.read(&buffer)
  }

  /// The line of EHLO's answer that begins with AUTH.
  private func announcement(_ session: inout ServerSession) -> String? {
    _ = say(&session, "EHLO c.example")
    guard case .reply(let reply) = session.receive(.answer(.stage(.proceed))) else { return "no answer" }
    return reply.lines.first { $0.hasPrefix("AUTH") }
  }

  private let encryption = Encryption(version: "TLSv1.3", cipher: "X", bits: 256)

  @Test func onlyWhatMakesSense() throws {
    var clear = try session()
    #expect(announcement(&clear) == nil)
    #expect(say(&clear, "AUTH PLAIN") == .reply(.authNeedsTLS))
    var allowed = try session { $0.allowsAuthInClear = true }
    #expect(announcement(&allowed) == "AUTH PLAIN")
    #expect(say(&allowed, "AUTH X-TRUSTING") == .reply(.unknownMechanism))
    var secured = try session()
    _ = secured.receive(.secured(encryption))
    #expect(announcement(&secured) == "AUTH X-TRUSTING PLAIN")
    var none = try session { $0.mechanisms = [] }
    _ = none.receive(.secured(encryption))
    #expect(announcement(&none) == nil)
    #expect(say(&none, "AUTH PLAIN") == .reply(.unknownMechanism))
  }

  @Test func anAdoptersOwnMechanism() throws {
    var session = try session()
    _ = session.receive(.secured(encryption))
    _ = announcement(&session)
    let challenge = String(decoding: Base64.encode("X-TRUSTING PLAIN".utf8), as: UTF8.self)
    #expect(say(&session, "AUTH X-TRUSTING") == .reply(.challenge(challenge)))
    let readsSecret = session.readsSecret
    #expect(readsSecret)
    let credentials = Credentials(mechanism: "X-TRUSTING", username: "", proof: .verified)
    #expect(say(&session, "") == .ask(.auth(credentials)))
    #expect(session.receive(.answer(.client(ClientRecord(mailboxID: "m7")))) == .reply(.authenticated))
    // A name comes from the hook where the client gave none.
    #expect(session.conversation.login?.name == "m7" && session.conversation.login?.mechanism == "X-TRUSTING")
    #expect(announcement(&session) == nil)
  }

  @Test func aRefusalIsHeldBackByTheShell() throws {
    var session = try session { $0.allowsAuthInClear = true }
    _ = announcement(&session)
    let response = String(decoding: Base64.encode("\0u\0p".utf8), as: UTF8.self)
    #expect(say(&session, "AUTH PLAIN \(response)") == .ask(.auth(Credentials(username: "u", password: "p"))))
    #expect(session.receive(.answer(.client(nil))) == .ask(.loginRefused))
    #expect(say(&session, "NOOP") == nil)
    #expect(session.receive(.answer(.noted)) == .reply(.badCredentials))
    // What has no form at all is refused alike.
    #expect(say(&session, "AUTH PLAIN AAAA") == .ask(.loginRefused))
  }
}
