/// A text that should be an address or a name, and is not.
public struct AddressFailure: Error, Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case mailbox, domain
    /// A name of the DNS: ``DNSName``.
    case dnsName = "domain name"
  }

  public let kind: Kind
  /// The text, cut to 100 characters.
  public let text: String

  init(_ kind: Kind, _ text: some StringProtocol) {
    self.kind = kind
    self.text = String(decoding: text.utf8.prefix(100), as: UTF8.self)
  }
}

extension AddressFailure: CustomStringConvertible {
  /// One printable line: `"ann@" is no mailbox`.
  public var description: String {
    var line = "\""
    line.append(escaping: text)
    return line + "\" is no \(kind.rawValue)"
  }
}

extension Mailbox {
  /// Reads `local@domain` as ``init(_:)`` does. Use it for texts that should be a mailbox.
  ///
  /// - Throws: ``AddressFailure``.
  public init(validating text: some StringProtocol) throws(AddressFailure) {
    guard let mailbox = Mailbox(text) else { throw AddressFailure(.mailbox, text) }
    self = mailbox
  }
}

extension Domain {
  /// Reads a domain name, international ones included, or a bracketed literal. Use it for texts that should be a domain.
  ///
  /// - Throws: ``AddressFailure``.
  public init(validating text: some StringProtocol) throws(AddressFailure) {
    guard let domain = Domain(text, international: true) else { throw AddressFailure(.domain, text) }
    self = domain
  }
}

extension DNSName {
  /// Reads a name as ``init(_:)`` does. Use it for texts that should be a name of the DNS.
  ///
  /// - Throws: ``AddressFailure``.
  public init(validating text: some StringProtocol) throws(AddressFailure) {
    guard let name = DNSName(text) else { throw AddressFailure(.dnsName, text) }
    self = name
  }
}
