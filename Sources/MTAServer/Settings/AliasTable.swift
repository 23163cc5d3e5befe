public import MTACore

/// Aliases: `info@example.org` for two people, or `@example.org` for every name of the domain that has no mailbox.
public struct AliasTable: Hashable, Sendable {
  /// Aliases of single mailboxes, by ``Mailbox/caseFolded``.
  public private(set) var mailboxes: [Mailbox: [Mailbox]] = [:]
  /// Aliases of whole domains.
  public private(set) var domains: [Domain: [Mailbox]] = [:]

  public init() {}

  /// - Parameter name: a mailbox, or `@` and a domain.
  /// - Returns: false, and adds nothing, if it is neither, or if there are no targets.
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

  /// Whether there is an alias of this name, in any spelling.
  func has(_ name: String) -> Bool {
    if name.utf8.first == UInt8(ascii: "@") {
      return Domain(name.dropFirst(), international: true).map { domains[$0] != nil } ?? false
    }
    return Mailbox(name).map { targets(of: $0) != nil } ?? false
  }

  /// The targets of a mailbox that has an alias of its own.
  public func targets(of mailbox: Mailbox) -> [Mailbox]? { mailboxes[mailbox.caseFolded] }

  /// The targets of the domain's alias, for a mailbox that has neither a user nor an alias. Never of postmaster, which the server
  /// itself knows (RFC 5321 §4.5.1).
  public func catchAll(for mailbox: Mailbox) -> [Mailbox]? {
    mailbox.caseFolded.localPart == "postmaster" ? nil : domains[mailbox.domain]
  }
}
