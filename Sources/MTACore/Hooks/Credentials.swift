/// What a client presents to prove its identity. Descriptions, dumps and mirrors do not show its password or token.
public struct Credentials: Hashable, Sendable {
  /// The proof of a client's identity.
  public enum Proof: Hashable, Sendable {
    /// A password in clear, for the `auth` hook to check (PLAIN, LOGIN).
    case password(String)
    /// The mechanism has already verified the user (SCRAM, with the keys of `scramKeys`). The `auth` hook says only who owns the name,
    /// and whether it may log in.
    case verified
    /// An OAuth 2.0 bearer token, for the `auth` hook to check (OAUTHBEARER, XOAUTH2).
    case bearerToken(String)
  }

  /// The SASL mechanism, such as `PLAIN` or `SCRAM-SHA-256`.
  public let mechanism: String
  /// The identity to act as, if the client named one (RFC 4422 §3.4.1). The built-in mechanisms accept only the user's own. Nil for
  /// none.
  public let authorizationID: String?
  /// Empty only for a bearer token without a name; then the token alone identifies the user.
  public let username: String
  public let proof: Proof
  /// The try that they came by; nil of credentials that an adopter made.
  package var check: CredentialCheck?

  public init(mechanism: String, authorizationID: String? = nil, username: String, proof: Proof) {
    self.mechanism = mechanism
    self.authorizationID = authorizationID
    self.username = username
    self.proof = proof
  }

  /// Name and password, as in PLAIN.
  public init(authorizationID: String? = nil, username: String, password: String) {
    self.init(mechanism: "PLAIN", authorizationID: authorizationID, username: username, proof: .password(password))
  }

  /// The password in clear, never empty. The empty string for another kind of proof.
  ///
  /// It is not an optional. So comparing it with a user's missing password cannot succeed by nil on both sides.
  public var password: String { if case .password(let password) = proof { password } else { "" } }

  /// The user name as a mailbox, if it is one.
  public var mailbox: Mailbox? { Mailbox(username) }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "credentials of \(username) by \(mechanism)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["mechanism": mechanism, "username": username]) }
}

extension Credentials.Proof: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The kind of proof, never the proof.
  public var description: String {
    switch self {
    case .password: "password"
    case .verified: "verified"
    case .bearerToken: "bearerToken"
    }
  }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
