/// Text of others within a line of the log.
package enum LogText {
  /// In quotes, with what could end them, or the line, or reorder it on a screen, as an escape: foreign text cannot look like another
  /// field, nor like another line.
  package static func quoted(_ text: String) -> String {
    var escaped = ""
    escaped.append(escaping: text)
    var bytes = [UInt8(ascii: "\"")]
    for byte in escaped.utf8 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }
}
