public import NIOCore

/// One result about the origin of a mail, as Authentication-Results reports it (RFC 8601 §2.2).
public struct AuthenticationResult: Hashable, Sendable {
  /// A property behind the result: `header.d=example.org`.
  public struct Property: Hashable, Sendable {
    public var type: String
    public var name: String
    public var value: String

    public init(_ type: String, _ name: String, _ value: String) {
      self.type = type
      self.name = name
      self.value = value
    }
  }

  /// `dkim`, `spf`, `auth` …
  public var method: String
  /// `pass`, `fail`, `none`, `neutral`, `policy`, `temperror`, `permerror`.
  public var result: String
  public var reason: String?
  public var properties: [Property]

  public init(method: String, result: String, reason: String? = nil, properties: [Property] = []) {
    self.method = method
    self.result = result
    self.reason = reason
    self.properties = properties
  }
}

/// Reads a mail's content while it arrives, and reports results. DKIM verification is one.
public protocol ContentInspector: Sendable {
  /// The next piece of content, byte for byte as received. Must not block.
  mutating func receive(_ piece: ByteBuffer)

  /// The content is complete. Answers in limited time.
  mutating func finish(at now: Timestamp) async -> [AuthenticationResult]
}

/// Signs leaving mail (R15).
public protocol MailSigner: Sendable {
  /// The signature field to put before the mail, whole lines with CR LF. The domains that may sign it are those of `Envelope.signers`,
  /// or else that of its From field. Nil if there is no key for them.
  func signature(for envelope: Envelope, _ content: StoredContent, at now: Timestamp) async throws -> ByteBuffer?
}
