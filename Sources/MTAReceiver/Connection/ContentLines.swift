package import MTACore
import NIOCore

/// Shows what clients send as content, for an operator who looks for a fault.
package struct ContentTap: Sendable {
  package struct Line: Hashable, Sendable {
    package let connection: UInt64
    package let client: IPAddress
    package let mail: MailID
    /// Printable ASCII.
    package let text: String
  }

  /// Whether content of this client is shown. Asked once for each mail.
  let isFor: @Sendable (IPAddress) -> Bool
  /// Is called in place, for each line.
  let show: @Sendable (Line) -> Void

  package init(
    for isFor: @escaping @Sendable (IPAddress) -> Bool, _ show: @escaping @Sendable (Line) -> Void
  ) {
    self.isFor = isFor
    self.show = show
  }
}

/// Cuts the content of one mail into printable lines. Of a mail it shows the first lines and octets, and then how much it left out.
struct ContentLines {
  static let maximumLines = 1000
  static let maximumOctets = 65_536
  /// A longer line is cut into several.
  static let maximumLineOctets = 1000

  private let show: (String) -> Void
  private var line: [UInt8] = []
  private var lines = 0
  private var octets = 0
  private var leftOut = 0

  init(_ show: @escaping (String) -> Void) { self.show = show }

  mutating func take(_ piece: some Collection<UInt8>) {
    guard lines < Self.maximumLines, octets < Self.maximumOctets else {
      leftOut += piece.count
      return
    }
    for byte in piece {
      if lines >= Self.maximumLines || octets >= Self.maximumOctets {
        leftOut += 1
        continue
      }
      octets += 1
      if byte != UInt8(ascii: "\n") { line.append(byte) }
      if byte == UInt8(ascii: "\n") || line.count >= Self.maximumLineOctets { end() }
    }
  }

  /// The content has ended.
  mutating func finish() {
    if !line.isEmpty { end() }
    if leftOut > 0 { show("(\(leftOut) octets more)") }
    leftOut = 0
  }

  private mutating func end() {
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    show(Self.printable(line))
    lines += 1
    line.removeAll(keepingCapacity: true)
  }

  /// What is not printable ASCII, and the backslash, as `\x1b`.
  private static func printable(_ line: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(line.count)
    for byte in line {
      if (32...126).contains(byte), byte != UInt8(ascii: "\\") {
        text.append(byte)
      } else {
        text += [UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
