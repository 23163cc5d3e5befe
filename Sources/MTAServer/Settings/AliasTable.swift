public import MTACore

/// Names that stand for other mailboxes: `info@example.org` for two people, `@example.org` for every name of the domain that
/// nobody has.
public struct AliasTable: Hashable, Sendable {
  /// By ``Mailbox/caseFolded``.
  public private(set) var mailboxes: [Mailbox: [Mailbox]] = [:]
  /// For whole domains.
  public private(set) var domains: [Domain: [Mailbox]] = [:]

  public init() {}

  /// - Parameter name: a mailbox, or `@` and a domain.
  /// - Returns: false when it is neither, or there are no targets; nothing is added then.
  @discardableResult
  public mutating func add(_ name: String, _ targets: [Mailbox]) -> Bool {
    guard !targets.isEmpty else { return false }
    if name.utf8.first == UInt8(ascii: "@") {
      guard let domain = Domain(name.dropFirst(), international: true) else { return false }
      domains[domain] = targets
    } else {
      guard let mailbox = Mailbox(name) else { return false }
      mailboxes[mailbox.caseFolded] = targets
    }
    return true
  }

  /// Whether there is an alias of this name, in whatever spelling.
  func has(_ name: String) -> Bool {
    if name.utf8.first == UInt8(ascii: "@") {
      return Domain(name.dropFirst(), international: true).map { domains[$0] != nil } ?? false
    }
    return Mailbox(name).map { targets(of: $0) != nil } ?? false
  }

  /// The targets of a mailbox that has an alias of its own.
  public func targets(of mailbox: Mailbox) -> [Mailbox]? { mailboxes[mailbox.caseFolded] }

  /// The targets of a mailbox that only its domain has: for those that nobody has. Never of postmaster, which the server itself
  /// knows (RFC 5321 §4.5.1).
  public func catchAll(for mailbox: Mailbox) -> [Mailbox]? {
    mailbox.caseFolded.localPart == "postmaster" ? nil : domains[mailbox.domain]
  }
}
