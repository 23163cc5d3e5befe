public import MTACore

/// The result of one signature of a mail.
public struct DKIMVerification: Hashable, Sendable {
  /// The results of RFC 8601 §2.7.1.
  public enum Outcome: String, Hashable, Sendable, CaseIterable {
    /// The signed parts are as the domain signed them.
    case pass
    /// The signed parts were changed.
    case fail
    /// The signature could not be judged, and may be right.
    case neutral
    /// The signature may be right, but we do not accept its kind.
    case policy
    /// The signature can never be verified.
    case permerror
    /// The signature cannot be verified now, but perhaps later.
    case temperror
  }

  public var outcome: Outcome
  /// Why it did not pass, or a remark about a pass; nil for none.
  public var reason: String?

  /// The tags as the field spells them, without blanks; nil if a tag cannot be read. Domain names are in lower case.
  public var domain: String?
  public var selector: String?
  public var algorithm: String?
  public var identity: String?
  /// The first eight characters of `b=`, which tell signatures apart (RFC 6008).
  public var signaturePrefix: String?

  /// Only the beginning of the body was signed (`l=`): later servers may have added to it.
  public var isPartial = false
  /// The domain is only testing DKIM (`t=y`): treat the mail as unsigned (RFC 6376 §3.6.1).
  public var isTesting = false

  public init(_ outcome: Outcome, reason: String? = nil) {
    self.outcome = outcome
    self.reason = reason
  }

  /// The form for Authentication-Results.
  public var authenticationResult: AuthenticationResult {
    let notes = [
      reason, isPartial ? "only part of the body is signed" : nil, isTesting ? "domain is testing DKIM" : nil,
    ]
    let text = notes.compactMap(\.self).joined(separator: "; ")
    let tags = [("d", domain), ("s", selector), ("a", algorithm), ("b", signaturePrefix), ("i", identity)]
    return AuthenticationResult(
      method: "dkim", result: outcome.rawValue, reason: text.isEmpty ? nil : text,
      properties: tags.compactMap { name, value in value.map { AuthenticationResult.Property("header", name, $0) } })
  }

  /// Takes what the tags of a signature claim.
  mutating func describe(_ tags: TagList) {
    func word(_ name: StaticString, limit: Int = 255) -> String? {
      tags.word(name).flatMap { $0.isEmpty ? nil : String(decoding: $0.bytes.prefix(limit), as: UTF8.self) }
    }
    func name(_ tag: StaticString) -> String? {
      tags.word(tag).flatMap { DNSName(bytes: $0.bytes)?.description } ?? word(tag)
    }
    domain = name("d")
    selector = name("s")
    algorithm = word("a")
    identity = word("i")
    signaturePrefix = word("b", limit: 8)
  }
}
