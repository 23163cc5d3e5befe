public import MTACore
import NIOCore

/// One line of a dialogue, as an observer gets it: printable, credentials masked.
public struct DialogueLine: Hashable, Sendable {
  public enum Side: String, Hashable, Sendable {
    case client = "C"
    case server = "S"
  }

  /// The connection, counted from the start of the process.
  public var connection: UInt64
  public var remote: IPAddress
  public var side: Side
  public var text: String

  /// What a client sent, fit for a log: one line of printable ASCII; what stands behind AUTH's mechanism is left out.
  static func printable(_ bytes: ByteBuffer) -> String {
    var line = bytes.readableBytesView.prefix(1024)
    while let last = line.last, last == 13 || last == 10 { line.removeLast() }
    let words = line.split(separator: 32)
    if let verb = words.first, verb.elementsEqual("AUTH".utf8, by: { $0 & 0xdf == $1 }), words.count > 2 {
      return "AUTH " + words[1].reduce(into: "") { $0.unicodeScalars.append(printable($1)) } + " (credentials)"
    }
    return line.reduce(into: "") { $0.unicodeScalars.append(printable($1)) }
  }

  private static func printable(_ byte: UInt8) -> Unicode.Scalar {
    (32...126).contains(byte) ? Unicode.Scalar(byte) : "?"
  }
}
