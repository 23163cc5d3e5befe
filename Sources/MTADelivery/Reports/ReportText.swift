import MTACore
import NIOCore

/// The bytes of a report: fields, lines and parts, all ASCII with CR LF line ends.
struct ReportText {
  let boundary: String
  private(set) var bytes = ByteBuffer()

  init(boundary: String) { self.boundary = boundary }

  /// One line. Characters that are not printable ASCII become question marks.
  mutating func line(_ text: String) { line(text.utf8) }

  private mutating func line(_ octets: some Sequence<UInt8>) {
    bytes.writeBytes(octets.map { (32...126).contains($0) || $0 == 9 ? $0 : UInt8(ascii: "?") })
    bytes.writeStaticString("\r\n")
  }

  /// A header field, folded at blanks where it is long (RFC 5322 §2.2.3).
  mutating func field(_ name: String, _ value: String) { folded(name + ": ", value, continuing: "\t") }

  /// A header field whose blanks count: on one line, for folding would merge blanks. Its length is limited.
  mutating func exactField(_ name: String, _ value: String) { line(name + ": " + value) }

  /// Any number of words, on lines of at most 78 octets if blanks allow, and of 900 in any case.
  mutating func folded(_ start: String, _ text: String, continuing: String? = nil) {
    let continuing = continuing ?? start
    var current = Array(start.utf8)
    var isEmpty = true
    for word in Array(text.utf8).split(separator: 32) {
      var rest = word
      if !isEmpty, current.count + 1 + rest.count > 78 {
        line(current)
        current = Array(continuing.utf8)
        isEmpty = true
      }
      while rest.count > 900 {
        line(current + rest.prefix(900))
        rest = rest.dropFirst(900)
        current = Array(continuing.utf8)
      }
      if !isEmpty { current.append(32) }
      current += rest
      isEmpty = false
    }
    line(current)
  }

  mutating func part(type: String, description: String, encoding: String? = nil) {
    line("")
    line("--" + boundary)
    line("Content-Type: " + type)
    line("Content-Description: " + description)
    if let encoding { line("Content-Transfer-Encoding: " + encoding) }
    line("")
  }

  /// Foreign lines of ASCII, unchanged. They end with CR LF; the last may lack it.
  mutating func raw(_ content: ByteBuffer) {
    bytes.writeImmutableBuffer(content)
    if !content.readableBytesView.suffix(2).elementsEqual([13, 10]) { bytes.writeStaticString("\r\n") }
  }

  mutating func base64(_ content: [UInt8]) {
    let encoded = Base64.encode(content)
    for start in stride(from: 0, to: encoded.count, by: 76) {
      bytes.writeBytes(encoded[start..<min(start + 76, encoded.count)])
      bytes.writeStaticString("\r\n")
    }
  }

  mutating func quotedPrintable(_ content: [UInt8]) {
    var encoder = TransferEncoder(.quotedPrintable)
    encoder.write(content[...], into: &bytes)
    encoder.finish(into: &bytes)
    if !content.suffix(2).elementsEqual([13, 10]) { bytes.writeStaticString("\r\n") }
  }

  mutating func end() {
    line("")
    line("--" + boundary + "--")
  }
}
