/// A server's answer to one of our commands (RFC 5321 §4.2).
public struct RemoteReply: Hashable, Sendable {
  /// 200...599.
  public let code: UInt16
  /// Subject and detail of the first enhanced status whose class is that of the reply (RFC 2034 §4).
  public let enhanced: EnhancedStatus?
  /// The text of each line without its code, as it came: not fit for logs. At least one line.
  public let lines: [[UInt8]]

  package init(_ code: UInt16, lines: [[UInt8]]) {
    self.code = code
    self.lines = lines.isEmpty ? [[]] : lines
    enhanced = Self.status(in: self.lines, of: code)
  }

  package init(_ code: UInt16, _ text: String = "") {
    self.init(
      code, lines: text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) })
  }

  /// 2yz.
  public var isPositive: Bool { (200..<300).contains(code) }
  /// 3yz: the server waits for more.
  package var isIntermediate: Bool { (300..<400).contains(code) }
  /// 4yz.
  public var isTransient: Bool { (400..<500).contains(code) }
  /// 5yz.
  public var isPermanent: Bool { code >= 500 }

  /// Of the first line that has one which fits: lines before the last may have other codes.
  private static func status(in lines: [[UInt8]], of code: UInt16) -> EnhancedStatus? {
    for line in lines { if let status = status(in: line, of: code) { return status } }
    return nil
  }

  /// RFC 2034 §4: `class "." subject "." detail` before the text, the class being the reply code's first digit.
  private static func status(in line: [UInt8], of code: UInt16) -> EnhancedStatus? {
    let word = line.prefix { $0 != UInt8(ascii: " ") }
    let parts = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].elementsEqual([UInt8(truncatingIfNeeded: 48 + code / 100)]),
      let subject = number(parts[1]), let detail = number(parts[2])
    else { return nil }
    return EnhancedStatus(subject, detail)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + UInt16($1 - 48) }
  }
}

extension RemoteReply: CustomStringConvertible {
  /// Code and text in one printable line of at most 512 octets: `550 5.1.1 no such user here`. This form is stored and shown.
  public var description: String {
    var text = Array(String(code).utf8)
    for line in lines {
      guard text.count < 512 else { break }
      if !line.isEmpty { text.append(UInt8(ascii: " ")) }
      text += line.lazy.map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }
    }
    return String(decoding: text.prefix(512), as: UTF8.self)
  }
}
