/// The header that opens the messages of SCRAM and OAUTHBEARER (RFC 5801 §4, RFC 5802 §7):
/// `("n" / "y" / "p=" cb-name) "," ["a=" saslname] ","`.
package struct GS2Header: Hashable, Sendable {
  package enum Binding: Hashable, Sendable {
    /// `n`: the client knows no channel binding.
    case unsupported
    /// `y`: the client could, but thinks that the server cannot.
    case unused
    /// `p=`: the client binds to the channel by this type.
    case type(String)
  }

  package var binding: Binding
  package var authorizationID: String?
  /// As the client sent it, the last comma included.
  package var bytes: [UInt8]

  /// The header in front of a message, and what follows it; nil when it is not one.
  package static func read(_ message: [UInt8]) -> (header: GS2Header, rest: ArraySlice<UInt8>)? {
    let parts = message.split(separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let binding = binding(parts[0]) else { return nil }
    var authorizationID: String?
    if !parts[1].isEmpty {
      guard parts[1].starts(with: "a=".utf8), let name = name(parts[1].dropFirst(2)) else { return nil }
      authorizationID = name
    }
    let header = GS2Header(
      binding: binding, authorizationID: authorizationID, bytes: Array(message[..<parts[2].startIndex]))
    return (header, parts[2])
  }

  private static func binding(_ flag: ArraySlice<UInt8>) -> Binding? {
    if flag.elementsEqual("n".utf8) { return .unsupported }
    if flag.elementsEqual("y".utf8) { return .unused }
    guard flag.starts(with: "p=".utf8) else { return nil }
    let type = flag.dropFirst(2)
    let isName = type.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46
    }
    guard isName, (1...64).contains(type.count) else { return nil }
    return .type(String(decoding: type, as: UTF8.self))
  }

  /// A `saslname` (RFC 5802 §5.1): `,` is written `=2C`, `=` is written `=3D`, and no other `=` may stand in it.
  package static func name(_ bytes: ArraySlice<UInt8>) -> String? {
    var plain: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: ","): return nil
      case UInt8(ascii: "="):
        if rest.starts(with: "2C".utf8) {
          plain.append(UInt8(ascii: ","))
        } else if rest.starts(with: "3D".utf8) {
          plain.append(UInt8(ascii: "="))
        } else {
          return nil
        }
        rest = rest.dropFirst(2)
      default: plain.append(byte)
      }
    }
    return SASLText.username(plain[...])
  }
}
