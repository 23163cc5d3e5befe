public import MTACore
import MTACrypto

/// The Sender Rewriting Scheme. A forwarded copy gets a sender of ours, which holds the original sender, signed and dated. So a
/// stranger cannot make one.
///
/// `ann@example.org` becomes `SRS0=mxd2fk=VM=example.org=ann@ours.example`. A sender that another forwarder has rewritten is not
/// wrapped again. `SRS0=abcd=VM=example.org=ann@theirs.example` becomes
/// `SRS1=qh7tzc=theirs.example==abcd=VM=example.org=ann@ours.example`: its reports go to that forwarder. Reports for an `SRS1` of
/// another forwarder do, too.
///
/// - The signature is the first 30 bits of an HMAC-SHA-256, in base 32. Upper and lower case are the same, for some servers fold case.
///   A wrong guess gets a 550, which the contact rule counts.
/// - The date is a day of 1024, in base 32, as with other programs. SRS1 has no date of ours; the forwarder that it leads to has its
///   own.
/// - Every server must take a local part of 64 octets (RFC 5321 §4.5.3.1.1). A sender that would become longer is not rewritten: the
///   copy keeps its own sender, which gets the reports. These are senders whose local part and domain together have more than 48
///   octets.
public struct SRSRewriter: ReversePathRewriter {
  /// The domain of rewritten senders. Mail for it must come to this server.
  public let domain: Domain
  /// How long reports to a rewritten sender are taken; at most 1000 days.
  public let validity: Duration
  private let secrets: [[UInt8]]

  private static let hashLength = 6

  /// - Parameters:
  ///   - secrets: the first signs, all verify. Put a new one in front, and remove the old one after ``validity``. The initializer
  ///     returns nil if there is none, or if one has less than 16 octets.
  ///   - validity: in whole days; default 21.
  public init?(domain: Domain, secrets: [[UInt8]], validity: Duration = .seconds(21 * 86_400)) {
    guard !secrets.isEmpty, secrets.allSatisfy({ $0.count >= 16 }) else { return nil }
    self.domain = domain
    self.secrets = secrets
    self.validity = min(max(validity, .zero), .seconds(1000 * 86_400))
  }

  public func rewrite(_ sender: Mailbox, at now: Timestamp) -> Mailbox? {
    guard sender.domain != domain else { return nil }
    switch Form(sender.localPart) {
    case .first(let rest): return wrapped(sender.domain.canonical.description, rest)
    case .chained(let parts):
      // What another forwarder vouches for goes to the first one, not through the whole chain.
      guard let parts else { return plain(sender, now) }
      return wrapped(parts.host, parts.rest)
    case nil: return plain(sender, now)
    }
  }

  private func plain(_ sender: Mailbox, _ now: Timestamp) -> Mailbox? {
    let dated = "\(Self.stamp(Self.day(of: now)))=\(sender.domain.canonical)=\(sender.localPart)"
    return made("SRS0=\(hash("SRS0", dated, secrets[0]))=\(dated)")
  }

  private func wrapped(_ host: String, _ rest: String) -> Mailbox? {
    let guarded = host + "=" + rest
    return made("SRS1=\(hash("SRS1", guarded, secrets[0]))=\(guarded)")
  }

  private static let maximumLength = 64

  private func made(_ localPart: String) -> Mailbox? {
    localPart.utf8.count <= Self.maximumLength ? Mailbox(localPart: localPart, domain: domain) : nil
  }

  public func claims(_ recipient: Mailbox) -> Bool { Self.claims(recipient, at: domain) }

  static func claims(_ recipient: Mailbox, at domain: Domain) -> Bool {
    recipient.domain == domain && Form(recipient.localPart) != nil
  }

  public func restore(_ recipient: Mailbox, at now: Timestamp) -> Restoration {
    guard recipient.domain == domain else { return .unknown }
    switch Form(recipient.localPart) {
    case .first(let rest): return restoreFirst(rest, now)
    case .chained(let parts):
      guard let parts, isSigned("SRS1", parts.host + "=" + parts.rest, parts.hash),
        let host = Domain(parts.host, international: true),
        let original = Mailbox(localPart: "SRS0" + parts.rest, domain: host)
      else { return .unknown }
      return .original(original)
    case nil: return .unknown
    }
  }

  private func restoreFirst(_ rest: String, _ now: Timestamp) -> Restoration {
    let parts = Self.parts(of: rest.utf8.dropFirst(), count: 4)
    guard parts.count == 4, let day = Self.day(parts[1]),
      isSigned("SRS0", parts[1...].joined(separator: "="), parts[0]),
      let host = Domain(parts[2], international: true), let original = Mailbox(localPart: parts[3], domain: host)
    else { return .unknown }
    // Days are counted in a circle of 1024. One in advance is another machine's clock.
    let age = (Self.day(of: now) - day + 1024) % 1024
    return age == 1023 || age <= validity.components.seconds / 86_400 ? .original(original) : .expired
  }

  // MARK: Signatures

  private func isSigned(_ form: String, _ text: String, _ given: String) -> Bool {
    let given = Self.folded(given)
    // All are tried, whatever the first says: the time tells nothing.
    return secrets.reduce(false) { found, secret in
      Secrets.areEqual(Self.folded(hash(form, text, secret)), given) || found
    }
  }

  /// Its octets, ASCII letters in lower case.
  private static func folded(_ text: String) -> [UInt8] {
    text.utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
  }

  /// The hash of the text in ASCII lower case, for servers on the way may fold case.
  private func hash(_ form: String, _ text: String, _ secret: [UInt8]) -> String {
    let folded = Self.folded(form + "=" + text)
    let code = HMACSHA256.code(for: folded, key: secret)
    let bits = code.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 2
    let digits = (0..<Self.hashLength).map { place in
      Self.alphabet[Int(bits >> UInt64(5 * (Self.hashLength - 1 - place)) & 31)] | 0x20
    }
    return String(decoding: digits, as: UTF8.self)
  }

  // MARK: Dates

  /// The alphabet of RFC 4648 §6. Its digits have no case: setting bit 5 does not change them.
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

  private static func day(of instant: Timestamp) -> Int64 { ((instant.seconds / 86_400) % 1024 + 1024) % 1024 }

  private static func stamp(_ day: Int64) -> String {
    String(decoding: [alphabet[Int(day >> 5 & 31)], alphabet[Int(day & 31)]], as: UTF8.self)
  }

  private static func day(_ stamp: String) -> Int64? {
    guard stamp.utf8.count == 2 else { return nil }
    var day: Int64 = 0
    for byte in stamp.utf8 {
      let digit = (97...122).contains(byte) ? byte & 0xDF : byte
      guard let value = alphabet.firstIndex(of: digit) else { return nil }
      day = day << 5 | Int64(value)
    }
    return day
  }

  // MARK: Forms

  /// Splits bytes, not a String: in a String a combining mark after an `=` hides it.
  private static func parts(of bytes: some Collection<UInt8>, count: Int) -> [String] {
    bytes.split(separator: UInt8(ascii: "="), maxSplits: count - 1, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// A local part that was rewritten, here or elsewhere.
  private enum Form {
    /// `SRS0` and the text after it, which begins with its separator.
    case first(String)
    /// `SRS1`; nil if it is incomplete.
    case chained((hash: String, host: String, rest: String)?)

    /// Other programs may use another mark after the tag.
    private static func separates(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "=") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
    }

    init?(_ localPart: String) {
      let bytes = Array(localPart.utf8)
      guard bytes.count > 5, Self.separates(bytes[4]) else { return nil }
      let rest = String(decoding: bytes[4...], as: UTF8.self)
      switch bytes {
      case _ where bytes.begins(caseless: "SRS0"): self = .first(rest)
      case _ where bytes.begins(caseless: "SRS1"):
        let parts = SRSRewriter.parts(of: bytes[5...], count: 3)
        let isWhole =
          parts.count == 3 && parts.allSatisfy { !$0.isEmpty } && parts[2].utf8.first.map(Self.separates) == true
        self = .chained(isWhole ? (parts[0], parts[1], parts[2]) : nil)
      default: return nil
      }
    }
  }
}
