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
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    bytes(Array(try encoder.encode(value)) + [10])
  }

  /// A line for people, on standard error.
  static func complain(_ text: String) { _ = LocalFile.write(Array(text.utf8) + [10], to: STDERR_FILENO) }

  /// Raw bytes, on standard output. Whoever read may have left: there is nobody to tell.
  static func bytes(_ bytes: [UInt8]) { _ = LocalFile.write(bytes, to: STDOUT_FILENO) }
}
