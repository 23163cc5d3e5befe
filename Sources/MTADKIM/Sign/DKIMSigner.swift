public import MTACore

/// A domain's way to sign its mails: key, selector, options.
public struct DKIMSigner: Sendable {
  /// `d=`
  public let domain: DNSName
  /// `s=`
  public let selector: DNSName
  public let key: DKIMPrivateKey
  public let options: Options
  /// What the options come to: each field once, and how many times it is signed beyond those that there are.
  private let plan: [(name: String, key: FieldName, extra: Int)]

  /// What a signature covers, and which changes it allows.
  public struct Options: Hashable, Sendable {
    /// Default relaxed.
    public var headerCanonicalization = DKIMCanonicalization.relaxed
    /// Default relaxed.
    public var bodyCanonicalization = DKIMCanonicalization.relaxed
    /// Fields that are signed, and whose absence is signed as well. So a field cannot be added later (RFC 6376 §8.15). From is always
    /// among them.
    public var oversignedFields = DKIMSigner.oversignedFields
    /// Further fields that are signed if present.
    public var signedFields = DKIMSigner.signedFields
    /// How long the signature is valid; default nil: for ever.
    public var lifetime: Duration?

    public init() {}
  }

  /// The default of ``Options/oversignedFields``: the fields that readers of a mail see (RFC 6376 §5.4.1).
  public static let oversignedFields = [
    "From", "To", "Cc", "Subject", "Date", "Reply-To", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
  ]

  /// The default of ``Options/signedFields``: fields that mailing lists and resenders may add to.
  public static let signedFields = [
    "Sender", "In-Reply-To", "References", "Resent-Date", "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc",
    "Resent-Message-ID", "List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe",
    "List-Post",
    "List-Owner", "List-Archive",
  ]

  public init(domain: DNSName, selector: DNSName, key: DKIMPrivateKey, options: Options = Options()) {
    self.domain = domain
    self.selector = selector
    self.key = key
    self.options = options
    // From is always signed, and oversigned.
    let listed =
      (["From"] + options.oversignedFields).map { ($0, FieldName($0), 1) }
      + options.signedFields.map { ($0, FieldName($0), 0) }
    var seen = Self.neverSigned
    plan = listed.filter { seen.insert($0.1).inserted }
  }

  /// RFC 6376 §5.4: DKIM-Signature is signed by itself; Return-Path changes at delivery (§5.4.1).
  private static let neverSigned: Set = [FieldName("DKIM-Signature"), FieldName("Return-Path")]

  /// The signature over a mail whose body hash is known, without the signature itself, and the fields that it signs.
  /// - Parameter extraFields: signed where they are, like those of the options.
  func unsigned(
    _ header: HeaderHash, bodyHash: [UInt8], identity: String?, extraFields: [String], at now: Timestamp
  ) -> (DKIMSignature, [FieldName]) {
    var names: [String] = []
    var keys: [FieldName] = []
    func sign(_ name: String, _ key: FieldName, extra: Int) {
      for _ in 0..<header.count(of: key) + extra {
        names.append(name)
        keys.append(key)
      }
    }
    for (name, key, extra) in plan { sign(name, key, extra: extra) }
    if !extraFields.isEmpty {
      var seen = Self.neverSigned.union(plan.map(\.key))
      for name in extraFields {
        let key = FieldName(name)
        if seen.insert(key).inserted { sign(name, key, extra: 0) }
      }
    }
    let signature = DKIMSignature(
      domain: domain, selector: selector, algorithm: key.algorithm,
      headerCanonicalization: options.headerCanonicalization,
      bodyCanonicalization: options.bodyCanonicalization, signedFields: names, identity: identity,
      signedAt: now, expiresAt: options.lifetime.map { now + $0 }, bodyHash: bodyHash)
    return (signature, keys)
  }
}

extension DKIMSignature {
  init(
    domain: DNSName, selector: DNSName, algorithm: DKIMAlgorithm, headerCanonicalization: DKIMCanonicalization,
    bodyCanonicalization: DKIMCanonicalization, signedFields: [String], identity: String?, signedAt: Timestamp?,
    expiresAt: Timestamp?, bodyHash: [UInt8]
  ) {
    self.domain = domain
    self.selector = selector
    self.algorithm = algorithm
    self.headerCanonicalization = headerCanonicalization
    self.bodyCanonicalization = bodyCanonicalization
    self.signedFields = signedFields
    self.identity = identity
    self.signedAt = signedAt
    self.expiresAt = expiresAt
    self.bodyHash = bodyHash
    signature = []
  }
}
