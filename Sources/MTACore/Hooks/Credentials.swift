/// What a client offers to prove who it is. Its password shows in no description, dump or mirror.
public struct Credentials: Hashable, Sendable {
  /// The identity to act as, if other than the user (RFC 4616); nil for none.
  public let authorizationID: String?
  public let username: String
  public let password: String

  public init(authorizationID: String? = nil, username: String, password: String) {
    self.authorizationID = authorizationID
    self.username = username
    self.password = password
  }

  /// The user name as a mailbox, when it is one.
  public var mailbox: Mailbox? { Mailbox(username) }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "credentials of \(username)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}
