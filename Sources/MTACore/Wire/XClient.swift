/// What a trusted front end says of the client that it speaks for: Postfix's XCLIENT command.
package struct XClient: Hashable, Sendable {
  package var address: IPAddress?
  package var port: UInt16?
  /// What the client said in EHLO or HELO.
  package var clientName: Domain?
  /// The address of the front end's that the client connected to.
  package var destination: IPAddress?
  /// Whom the front end authenticated.
  package var login: String?

  package init() {}

  /// The attributes that EHLO announces.
  static let attributes = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"

  /// - Throws: ``CommandFault/badParameter`` for an attribute that is unknown, comes twice, or has a value of the wrong form.
  static func parse(_ words: [ArraySlice<UInt8>]) throws(CommandFault) -> XClient {
    guard !words.isEmpty else { throw .badParameter }
    var client = XClient()
    var seen: Set<HostileText> = []
    for word in words {
      let parts = word.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let name = CommandParser.uppercased(parts[0])
      guard parts.count == 2, seen.insert(HostileText(Array(name.utf8))).inserted, let value = XText.decode(parts[1]),
        let text = String(validating: value, as: UTF8.self)
      else { throw .badParameter }
      let isKnown = !value.spells(caseless: "[UNAVAILABLE]") && !value.spells(caseless: "[TEMPUNAVAIL]")
      switch name {
      case "ADDR":
        client.address = address(value)
        guard client.address != nil || !isKnown else { throw .badParameter }
      case "PORT":
        client.port = value.count <= 5 ? UInt16(text) : nil
        guard client.port != nil || !isKnown else { throw .badParameter }
      case "HELO": client.clientName = Domain(text)
      case "LOGIN": client.login = isKnown && !text.isEmpty ? text : nil
      case "DESTADDR": client.destination = address(value)
      case "NAME", "PROTO", "DESTPORT": break
      default: throw .badParameter
      }
    }
    return client
  }

  private static func address(_ value: [UInt8]) -> IPAddress? {
    IPAddress(bytes: value.begins(caseless: "IPV6:") ? value.dropFirst(5) : value[...])
  }
}
