/// What a client offers to prove who it is. Its password or token shows in no description, dump or mirror.
public struct Credentials: Hashable, Sendable {
  /// What a client's claim rests on.
  public enum Proof: Hashable, Sendable {
    /// A password in clear, for the `auth` hook to check (PLAIN, LOGIN).
    case password(String)
    /// The mechanism has verified the user already (SCRAM, with the keys that `scramKeys` gave): the `auth` hook only
    /// says whose the name is, and whether it may come in.
    case verified
    /// An OAuth 2.0 bearer token, for the `auth` hook to check (OAUTHBEARER, XOAUTH2).
    case bearerToken(String)
  }

  /// The SASL mechanism that they came by, such as `PLAIN` or `SCRAM-SHA-256`.
  public let mechanism: String
  /// The identity to act as, where the client named one (RFC 4422 §3.4.1): the built-in mechanisms let pass only the
  /// user's own. Nil for none.
  public let authorizationID: String?
  /// Empty only where a bearer token came without a name: then the token alone says whose it is.
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

  /// Name and password, as PLAIN says them.
  public init(authorizationID: String? = nil, username: String, password: String) {
    self.init(mechanism: "PLAIN", authorizationID: authorizationID, username: username, proof: .password(password))
  }

  /// The password in clear, which is never empty; the empty string when the proof is of another kind.
  ///
  /// Not an optional, so that a comparison with the password of a user who has none cannot succeed by nil on both sides.
  public var password: String { if case .password(let password) = proof { password } else { "" } }

  /// The user name as a mailbox, when it is one.
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
