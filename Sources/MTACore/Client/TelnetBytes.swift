import NIOCore

/// What a server of the telnet kind may strew between its words (RFC 854): commands that begin with IAC, and NUL, which does nothing. So
/// does a byte order mark in front of a line. None of it says anything in SMTP.
enum TelnetBytes {
  private static let interpretAsCommand: UInt8 = 255
  private static let subnegotiation: UInt8 = 250
  private static let endOfSubnegotiation: UInt8 = 240
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Takes them out of a line. One look at each octet.
  static func remove(from line: inout [UInt8]) {
    guard line.first == byteOrderMark[0] || line.contains(where: { $0 == 0 || $0 == interpretAsCommand }) else {
      return
    }
    var kept: [UInt8] = []
    var rest = line[...]
    while let octet = rest.first {
      if kept.isEmpty, rest.starts(with: byteOrderMark) {
        rest = rest.dropFirst(byteOrderMark.count)
      } else if let count = length(at: rest) {
        rest = rest.dropFirst(count)
      } else {
        kept.append(octet)
        rest = rest.dropFirst()
      }
    }
    line = kept
  }

  /// The bytes from the first one that says something: blank lines, blanks and all of the above are passed over.
  static func afterBlanks(_ bytes: ByteBufferView) -> ByteBufferView {
    var rest = bytes
    while let octet = rest.first {
      switch octet {
      case UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: " "), UInt8(ascii: "\t"): rest = rest.dropFirst()
      default:
        if let count = length(at: rest) {
          rest = rest.dropFirst(count)
        } else if rest.starts(with: byteOrderMark) {
          rest = rest.dropFirst(byteOrderMark.count)
        } else {
          return rest
        }
      }
    }
    return rest
  }

  /// How many octets at the front say nothing: a NUL, or a command, which may be cut off; nil for none.
  private static func length(at bytes: some Collection<UInt8>) -> Int? {
    guard let first = bytes.first else { return nil }
    if first == 0 { return 1 }
    guard first == interpretAsCommand else { return nil }
    switch bytes.dropFirst().first {
    // RFC 854: WILL, WON'T, DO, DON'T, each with an option; RFC 855: a subnegotiation, up to IAC SE.
    case (251...254)?: return min(3, bytes.count)
    case subnegotiation:
      var count = 2
      var isCommand = false
      for octet in bytes.dropFirst(2) {
        count += 1
        if isCommand, octet == endOfSubnegotiation { break }
        isCommand = !isCommand && octet == interpretAsCommand
      }
      return count
    case (240...255)?: return 2
    // The end, or a lone IAC.
    default: return 1
    }
  }
}
