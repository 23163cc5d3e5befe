/// A way to log in (RFC 4422): ``SASLPlain``, ``SASLLogin``, ``SASLBearer``, MTAReceiver's `SASLSCRAM`, or an adopter's own.
/// `SessionConfiguration.mechanisms` says which are offered, and in which order.
public protocol SASLMechanism: Sendable {
  /// The name in EHLO and AUTH: upper case letters, digits, hyphens and underscores.
  var name: String { get }
  /// Whether the mechanism can be used with this encryption, or without any. Default: yes. Whether AUTH is offered in clear at all is
  /// said by `SessionConfiguration.allowsAuthInClear`.
  func isOffered(over encryption: Encryption?) -> Bool
  /// Makes an exchange, when an AUTH command names this mechanism.
  func makeExchange(_ context: SASLContext) -> any SASLExchange
}

extension SASLMechanism {
  public func isOffered(over encryption: Encryption?) -> Bool { true }
}

/// The facts of a connection that an exchange may use.
public struct SASLContext: Hashable, Sendable {
  /// Nil when the connection is in clear.
  public var encryption: Encryption?
  /// The names of all mechanisms that are offered on this connection.
  public var offered: [String]

  public init(encryption: Encryption?, offered: [String]) {
    self.encryption = encryption
    self.offered = offered
  }
}

/// One run of a mechanism, from the AUTH command to its end. It is a value without I/O. The session drives it, and does base64, `*`,
/// line lengths, the hooks and the replies (RFC 4954 §4).
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
  /// The exchange begins. `initial` is the initial response; nil if the client sent none. The default is for mechanisms in which the
  /// client speaks first: an empty challenge without an initial response, else ``receive(_:)``.
  mutating func start(_ initial: [UInt8]?) -> SASLStep
  /// The client's answer to a challenge.
  mutating func receive(_ response: [UInt8]) -> SASLStep
  /// The answer to ``SASLStep/scramKeys(of:)``; nil for a user without keys. Default: malformed, because nothing was asked.
  mutating func receive(keys: SCRAMKeys?) -> SASLStep
  /// The `auth` hook refused the credentials. Returns a challenge for the client to answer before it gets 535. Default: nil, none.
  mutating func refused() -> [UInt8]?
}

extension SASLExchange {
  public mutating func start(_ initial: [UInt8]?) -> SASLStep {
    if let initial { receive(initial) } else { .challenge([]) }
  }
  public mutating func receive(keys: SCRAMKeys?) -> SASLStep { .malformed }
  public mutating func refused() -> [UInt8]? { nil }
}

/// The next step of an exchange.
public enum SASLStep: Hashable, Sendable {
  /// Send this, and wait for the client's response.
  case challenge([UInt8])
  /// Ask the hooks for the keys of a user.
  case scramKeys(of: String)
  /// The client has said everything: ask the `auth` hook about these credentials.
  case finished(Credentials)
  /// The credentials are wrong. The client gets 535 after the same delay as if the `auth` hook had refused.
  case rejected
  /// The exchange cannot go on.
  case failed(Reply)

  /// The client breaks the rules of the mechanism: 501 5.5.2.
  public static let malformed = Self.failed(.malformedResponse)
}
