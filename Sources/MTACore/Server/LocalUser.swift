/// A user of this machine who hands in mail without a login: the kernel says who it is.
public struct LocalUser: Hashable, Sendable {
  /// The system's number of the user. 0 is root.
  public let number: UInt32
  /// The user's own address: the name on this machine, at the server's name.
  public let mailbox: Mailbox
  /// May send from every address, and write in every name. Others have their ``mailbox`` alone.
  public let isTrusted: Bool

  public init(number: UInt32, mailbox: Mailbox, isTrusted: Bool) {
    self.number = number
    self.mailbox = mailbox
    self.isTrusted = isTrusted
  }

  /// Whether the address is the user's own, in any case of its letters.
  package func owns(_ mailbox: Mailbox) -> Bool { mailbox.caseFolded == self.mailbox.caseFolded }

  /// What hooks see as the login of the session.
  var login: Conversation.Login {
    Conversation.Login(name: mailbox.description, client: ClientRecord(delivery: .none), mechanism: "LOCAL")
  }
}

/// Local users send from their own address; those that are trusted from every one, and from the null sender.
package struct LocalSenderRule: SenderRule, Hashable {
  package init() {}

  package func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    guard let user = conversation.connection.localUser, !user.isTrusted else { return nil }
    guard case .mailbox(let mailbox) = sender, user.owns(mailbox) else { return .notYourLocalAddress(user.mailbox) }
    return nil
  }
}

extension SessionConfiguration {
  /// The same for users of this machine. Their names in EHLO are no matter, a mail for another domain is taken whatever the DNS says of it
  /// now, and line ends of other systems are mended.
  package var forLocalUsers: SessionConfiguration {
    var configuration = self
    configuration.greetingRules = []
    configuration.senderRules =
      [LocalSenderRule()] + senderRules.filter { !($0 is MemberPortRule || $0 is SameOwnerRule) }
    configuration.checksRoutes = false
    configuration.offersTLS = false
    configuration.speaksLMTP = false
    configuration.bareLineEnds = .normalize
    // A list of recipients that do not exist is no attack of this user's: each has its answer.
    configuration.maximumErrors = max(maximumErrors, 100_000)
    return configuration
  }
}
