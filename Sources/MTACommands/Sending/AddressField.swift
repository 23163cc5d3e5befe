/// The addresses in a field such as To, as texts, for `send -t`. It takes what programs write, and more than RFC 5322 allows: names without
/// a domain, groups, lists without a last element. One walk over the octets.
struct AddressField {
  private(set) var addresses: [String] = []
  /// There was something that is no address.
  private(set) var isBroken = false

  private var text: [UInt8] = []
  private var angle: [UInt8]?

  init(_ value: [UInt8]) {
    var depth = 0
    var isQuoted = false
    var isEscaped = false
    var isInAngle = false
    for byte in value {
      if depth > 0 {
        // A comment, with comments in it.
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "(") {
          depth += 1
        } else if byte == UInt8(ascii: ")") {
          depth -= 1
        }
        continue
      }
      if isQuoted {
        put(byte, isInAngle)
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "("): depth = 1
      case UInt8(ascii: "\""):
        isQuoted = true
        put(byte, isInAngle)
      case UInt8(ascii: "<") where !isInAngle:
        if angle != nil { isBroken = true }
        angle = []
        isInAngle = true
      case UInt8(ascii: ">") where isInAngle: isInAngle = false
      case UInt8(ascii: ","), UInt8(ascii: ";"):
        if isInAngle { isBroken = true }
        isInAngle = false
        end()
      // The name of a group. Within brackets it is a part of an address literal, or of a route.
      case UInt8(ascii: ":") where !isInAngle && !text.contains(UInt8(ascii: "[")): text = []
      case 32, 9: if !isInAngle { put(32, false) }
      default: put(byte, isInAngle)
      }
    }
    if isInAngle || isQuoted || depth > 0 { isBroken = true }
    end()
  }

  private mutating func put(_ byte: UInt8, _ isInAngle: Bool) {
    if isInAngle { angle?.append(byte) } else if angle == nil { text.append(byte) }
  }

  private mutating func end() {
    defer { (text, angle) = ([], nil) }
    var bytes = angle ?? text
    while bytes.last == 32 { bytes.removeLast() }
    let address = bytes.drop { $0 == 32 }
    if address.isEmpty {
      // `<>` is the address of nobody.
      if angle != nil { isBroken = true }
      return
    }
    addresses.append(String(decoding: address, as: UTF8.self))
  }
}
