/// The fields of a log line, ` key=value` each. They are written so that no text in them can imitate another field, the end of a quote,
/// or a line.
///
/// ```
/// mail=1wKf0g-2xK9aT-3F outcome=failed message="550 5.1.1 no such user \"bob\"" to=bob@village.example
/// ```
///
/// A value of letters, digits and `-._:/@+<>[],*` stands unchanged. Others are quoted, with `\"` and `\\`, and with `\xHH` for each
/// octet that is not printable ASCII. Of a value at most ``maximumOctets`` are written, with three dots after the quote.
package struct LogFields {
  package private(set) var text = ""

  package static let maximumOctets = 1000

  package init() {}

  /// - Parameter key: a fixed word, never foreign text.
  package mutating func append(_ key: String, _ value: String) {
    text += text.isEmpty ? key : " " + key
    text += "="
    Self.append(value, to: &text)
  }

  private static func append(_ value: String, to text: inout String) {
    var value = value
    value.withUTF8 { octets in
      if !octets.isEmpty, octets.count <= maximumOctets, octets.allSatisfy(isPlain) {
        text += String(decoding: octets, as: UTF8.self)
        return
      }
      var quoted: [UInt8] = [UInt8(ascii: "\"")]
      quoted.reserveCapacity(octets.count + 16)
      for octet in octets.prefix(maximumOctets) {
        if octet == UInt8(ascii: "\"") { quoted.append(UInt8(ascii: "\\")) }
        append(octet, to: &quoted)
      }
      quoted.append(UInt8(ascii: "\""))
      text += String(decoding: quoted, as: UTF8.self)
      if octets.count > maximumOctets { text += "..." }
    }
  }

  /// A value where no quotes are needed: with `\\` and `\xHH`, and cut at ``maximumOctets``.
  package static func escaped(_ value: String) -> String {
    var value = value
    return value.withUTF8 { octets in
      var text: [UInt8] = []
      text.reserveCapacity(octets.count + 16)
      for octet in octets.prefix(maximumOctets) { append(octet, to: &text) }
      return String(decoding: text, as: UTF8.self) + (octets.count > maximumOctets ? "..." : "")
    }
  }

  private static func append(_ octet: UInt8, to text: inout [UInt8]) {
    switch octet {
    case UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), octet]
    case 32...126: text.append(octet)
    default: text += [UInt8(ascii: "\\"), UInt8(ascii: "x"), digit(octet >> 4), digit(octet & 15)]
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }

  private static func isPlain(_ octet: UInt8) -> Bool {
    switch octet {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "/"),
      UInt8(ascii: "@"),
      UInt8(ascii: "+"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","),
      UInt8(ascii: "*"):
      true
    default: false
    }
  }
}
