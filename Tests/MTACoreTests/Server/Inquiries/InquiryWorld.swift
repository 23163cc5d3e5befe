@testable import MTACore

/// What the inquiries of these tests are asked in: the server `mx.example`, which is the home of `local.example`, and a stranger's
/// connection to its standard port.
enum InquiryWorld {
  static let configuration = SessionConfiguration(
    serverName: "mx.example", postmaster: Mailbox("root@local.example"), localDomains: [Domain("local.example")])

  static func configuration(_ change: (inout SessionConfiguration) -> Void) -> SessionConfiguration {
    var configuration = configuration
    change(&configuration)
    return configuration
  }

  static let conversation = Conversation(ConnectionFacts(remoteAddress: .loopback4, localPort: 2525))

  /// A user logged in, who owns the mailbox `1`.
  static let userConversation: Conversation = {
    var conversation = Conversation(ConnectionFacts(remoteAddress: .loopback4, localPort: 2587, role: .submission))
    conversation.encryption = Encryption(version: "TLSv1.3", cipher: "X", bits: 256)
    conversation.login = Conversation.Login(
      name: "ann@local.example", client: ClientRecord(mailboxID: "1"), mechanism: "PLAIN")
    return conversation
  }()

  static let now = Timestamp(milliseconds: 1_000_000)
}
