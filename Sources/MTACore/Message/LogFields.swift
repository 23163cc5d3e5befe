/// The fields of a log line as bytes, ` key=value` each. They are written so that no text in them can imitate another field, the end of a
/// quote, or a line. ``LogFieldReader`` reads them back.
///
/// ```
/// client=192.0.2.7 stage=RCPT code=550 dsn=5.1.1 to=<bob@village.example> reply="550 5.1.1 no such user \"bob\""
/// ```
///
/// A value of letters, digits and `-._:/@+<>[],*` stands unchanged. Others are quoted, with `\"` and `\\`, and with `\xHH` for each
/// octet that is not printable ASCII. Of a value at most ``maximumOctets`` are written, with three dots after the quote.
package struct LogFields: Hashable, Sendable {
  package private(set) var bytes: [UInt8] = []

  package static let maximumOctets = 1000

  package init() {}

  /// - Parameter capacity: bytes to make room for at once.
  package init(capacity: Int) { bytes.reserveCapacity(capacity) }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// - Parameters:
  ///   - key: a fixed word, never foreign text.
  ///   - limit: octets of the value, at most.
  package mutating func append(_ key: String, _ value: String, limit: Int = maximumOctets) {
    write(key, limit: limit) { $0.append(contentsOf: value.utf8) }
  }

  /// An address as it stands between angle brackets, without them.
  package mutating func append(_ key: String, _ mailbox: Mailbox, limit: Int = 256) {
    write(key, limit: limit) { mailbox.append(to: &$0) }
  }

  package mutating func append(_ key: String, octets: some Sequence<UInt8>) {
    write(key) { $0.append(contentsOf: octets) }
  }

  package mutating func append(_ key: String, number: some BinaryInteger) {
    begin(key)
    Self.append(number: Int64(clamping: number), to: &bytes)
  }

  /// All fields of another line.
  package mutating func append(_ other: LogFields) {
    guard !other.bytes.isEmpty else { return }
    if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
    bytes.append(contentsOf: other.bytes)
  }

  /// Makes room for some fields at once, where there is none yet.
  package mutating func makeRoom() { if bytes.capacity == 0 { bytes.reserveCapacity(512) } }

  /// Has no fields, but keeps the room of those that it had.
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Seconds with three digits behind the point; none below zero.
  package mutating func append(_ key: String, seconds: Duration) {
    begin(key)
    Self.append(seconds: seconds, to: &bytes)
  }

  /// A value that is put together where it stands.
  ///
  /// - Parameter body: appends the octets of the value.
  package mutating func write(_ key: String, limit: Int = maximumOctets, _ body: (inout [UInt8]) -> Void) {
    begin(key)
    let start = bytes.count
    body(&bytes)
    let count = bytes.count - start
    guard count == 0 || count > limit || !bytes[start...].allSatisfy(Self.isPlain) else { return }
    let value = Array(bytes[start...].prefix(limit))
    bytes.removeLast(count)
    bytes.reserveCapacity(start + value.count + 16)
    bytes.append(UInt8(ascii: "\""))
    for octet in value {
      if octet == UInt8(ascii: "\"") { bytes.append(UInt8(ascii: "\\")) }
      Self.append(octet, to: &bytes)
    }
    bytes.append(UInt8(ascii: "\""))
    if count > limit { bytes.append(contentsOf: "...".utf8) }
  }

  private mutating func begin(_ key: String) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
    bytes.append(contentsOf: key.utf8)
    bytes.append(UInt8(ascii: "="))
  }

  /// A value where no quotes are needed: with `\\` and `\xHH`, and cut at ``maximumOctets``.
  package static func escaped(_ value: some Collection<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(min(value.count, maximumOctets) + 16)
    for octet in value.prefix(maximumOctets) { append(octet, to: &text) }
    if value.count > maximumOctets { text.append(contentsOf: "...".utf8) }
    return text
  }

  package static func append(seconds: Duration, to bytes: inout [UInt8]) {
    let (whole, rest) = max(seconds, .zero).components
    append(number: whole, to: &bytes)
    bytes.append(UInt8(ascii: "."))
    let milliseconds = rest / 1_000_000_000_000_000
    for divisor: Int64 in [100, 10, 1] { bytes.append(UInt8(48 + milliseconds / divisor % 10)) }
  }

  package static func append(number: Int64, to bytes: inout [UInt8]) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    // Of 64 bits, at most twenty digits, the last first.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var place = digits.count
      repeat {
        place -= 1
        digits[place] = UInt8(truncatingIfNeeded: 48 + rest % 10)
        rest /= 10
      } while rest > 0 && place > 0
      bytes.append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[place...]))
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
