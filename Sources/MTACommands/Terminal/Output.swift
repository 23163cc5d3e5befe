import MTACore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What commands print.
enum Output {
  /// One line of JSON, keys in order.
  static func json(_ value: some Encodable) throws { bytes(try jsonLine(value)) }

  static func jsonLine(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return harmless(Array(try encoder.encode(value))) + [10]
  }

  /// A line for people, on standard error.
  static func complain(_ text: String) { _ = LocalFile.write(Array(text.utf8) + [10], to: STDERR_FILENO) }

  /// A line for people, on standard output. Not by `print`, which would keep it behind what is written after it.
  static func line(_ text: String) { bytes(Array(text.utf8) + [10]) }

  /// Raw bytes, on standard output. Whoever read may have left: there is nobody to tell.
  static func bytes(_ bytes: [UInt8]) { _ = LocalFile.write(bytes, to: STDOUT_FILENO) }

  /// The same for what is said once and would be lost: passwords.
  ///
  /// - Returns: false when they do not go.
  static func isWritten(_ bytes: [UInt8]) -> Bool {
    // Whoever read may have left: then the write fails, and the process does not end.
    signal(SIGPIPE, SIG_IGN)
    return LocalFile.write(bytes, to: STDOUT_FILENO)
  }

  /// JSON in which no character controls a terminal or turns the order of a line: such characters stand as `\u….` They occur in texts
  /// alone, so the values stay the same.
  static func harmless(_ json: [UInt8]) -> [UInt8] {
    guard json.contains(where: { $0 == 0x7f || $0 == 0xc2 || $0 == 0xe2 }) else { return json }
    var result: [UInt8] = []
    result.reserveCapacity(json.count + 16)
    var index = 0
    while index < json.count {
      let rest = json[index...].prefix(3)
      let (code, count): (UInt32?, Int) =
        switch (rest.first, rest.dropFirst().first, rest.dropFirst(2).first) {
        case (0x7f, _, _): (0x7f, 1)
        case (0xc2, let second?, _) where (0x80...0x9f).contains(second): (UInt32(second), 2)
        case (0xe2, 0x80, let third?) where (0x8b...0x8f).contains(third) || (0xa8...0xae).contains(third):
          (0x2000 + UInt32(third - 0x80), 3)
        case (0xe2, 0x81, let third?) where (0xa0...0xaf).contains(third): (0x2040 + UInt32(third - 0x80), 3)
        default: (nil, 1)
        }
      if let code {
        let digits = String(code, radix: 16)
        result += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
      } else {
        result.append(json[index])
      }
      index += count
    }
    return result
  }
}

/// Standard output in pieces. Where it ends early (`… | head`) the command ends, too.
final class OutputStream {
  private var pending: [UInt8] = []

  func write(_ bytes: some Sequence<UInt8>) throws {
    pending.append(contentsOf: bytes)
    if pending.count >= 1 << 16 { try flush() }
  }

  /// - Throws: `Left` when nobody reads any more.
  func flush() throws {
    defer { pending.removeAll(keepingCapacity: true) }
    if !LocalFile.write(pending, to: STDOUT_FILENO) { throw Left() }
  }

  struct Left: Error {}
}

/// A JSON array that is written as its elements come.
struct JSONArrayWriter {
  private let stream = OutputStream()
  private var isEmpty = true

  mutating func write(_ element: some Encodable) throws {
    try stream.write((isEmpty ? "[" : ",\n").utf8)
    isEmpty = false
    try stream.write(Output.harmless(Array(try CompactJSON.encode(element).utf8)))
  }

  func end() throws {
    try stream.write((isEmpty ? "[]\n" : "]\n").utf8)
    try stream.flush()
  }
}
