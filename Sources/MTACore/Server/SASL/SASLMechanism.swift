/// A way to log in (RFC 4422), as a server offers it: ``SASLPlain``, ``SASLLogin``, ``SASLBearer``, MTAReceiver's
/// `SASLSCRAM`, or an adopter's own. Which are offered, and in which order, is `SessionConfiguration.mechanisms`.
public protocol SASLMechanism: Sendable {
  /// As EHLO announces it and AUTH names it: upper case letters, digits, hyphens and underscores.
  var name: String { get }
  /// Whether it makes sense on a connection that is encrypted so, or not at all. Default: yes. Whether AUTH is offered
  /// in clear is not asked here: `SessionConfiguration.allowsAuthInClear` says it for all.
  func isOffered(over encryption: Encryption?) -> Bool
  /// An AUTH command named this mechanism.
  func makeExchange(_ context: SASLContext) -> any SASLExchange
}

extension SASLMechanism {
  public func isOffered(over encryption: Encryption?) -> Bool { true }
}

/// What an exchange may know of its connection.
public struct SASLContext: Hashable, Sendable {
  /// Nil when the connection is in clear.
  public var encryption: Encryption?
  /// The names of all mechanisms that this connection is offered.
  public var offered: [String]

  public init(encryption: Encryption?, offered: [String]) {
    self.encryption = encryption
    self.offered = offered
  }
}

/// One run of a mechanism, from the AUTH command to its end: a value without I/O, driven by the session, which does
/// base64, `*`, line lengths, the hooks and the replies (RFC 4954 §4).
///
/// ```
/// C: AUTH SCRAM-SHA-256 biws…      start(n,,n=user,r=…)     .scramKeys(of: "user")
///                                  receive(keys:)           .challenge(r=…,s=…,i=…)
/// S: 334 cj1…
/// C: Yz1iaXdz…                     receive(c=biws,r=…,p=…)  .challenge(v=…)
/// S: 334 dj02…
/// C: (empty)                       receive([])              .finished(credentials)   auth hook
/// S: 235 2.7.0
/// ```
public protocol SASLExchange: Sendable {
  /// The exchange begins. `initial` is the initial response; nil when the client sent none. Default, for mechanisms in
  /// which the client speaks first: without one an empty challenge, else ``receive(_:)``.
  mutating func start(_ initial: [UInt8]?) -> SASLStep
  /// The client's answer to a challenge.
  mutating func receive(_ response: [UInt8]) -> SASLStep
  /// The answer to ``SASLStep/scramKeys(of:)``; nil for a user who has none. Default: malformed, as nothing was asked.
  mutating func receive(keys: SCRAMKeys?) -> SASLStep
  /// The `auth` hook refused the credentials: what to tell the client, and have it answer, before it is told 535.
  /// Default: nil, which is nothing.
  mutating func refused() -> [UInt8]?
}

extension SASLExchange {
  public mutating func start(_ initial: [UInt8]?) -> SASLStep {
    if let initial { receive(initial) } else { .challenge([]) }
  }
  public mutating func receive(keys: SCRAMKeys?) -> SASLStep { .malformed }
  public mutating func refused() -> [UInt8]? { nil }
}

/// What an exchange wants next.
public enum SASLStep: Hashable, Sendable {
  /// Send this, and wait for the client's response.
  case challenge([UInt8])
  /// Ask the hooks for the keys of a user.
  case scramKeys(of: String)
  /// The client has said all: put this to the `auth` hook.
  case finished(Credentials)
  /// The credentials are wrong: answered as if the `auth` hook had said so, that is 535, after the same delay.
  case rejected
  /// The exchange cannot go on.
  case failed(Reply)

  /// The client does not keep to the mechanism: 501 5.5.2.
  public static let malformed = Self.failed(.malformedResponse)
}
