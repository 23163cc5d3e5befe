/// The bytes of a stranger, for a terminal.
enum EscapedBytes {
  /// Everything but printable ASCII, TAB and LF as `\xhh`; the CR of a line's end is left out.
  static func lines(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes {
      switch byte {
      case 13: break
      case 9, 10, 32...126: result.append(byte)
      default: result += Array("\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
      }
    }
    return result
  }
}
