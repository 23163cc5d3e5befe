import MTACore
import NIOCore

/// What of a dialogue is fit to be shown: printable; what may be a password is masked.
enum DialogueText {
  /// What the server answered, without the challenges of AUTH: with those of SCRAM a password could be searched for.
  static func printable(_ reply: Reply) -> [String] { reply.code == 334 ? ["334 (challenge)"] : reply.wireLines }

  /// What a client sent, fit for a log: one line of printable ASCII. Only a command that is well formed and in its place is shown, and of
  /// it no free text and nothing behind AUTH's mechanism; of all else its length, for passwords are typed in wrong places, too.
  static func printable(_ bytes: ByteBuffer, _ kind: TakenLine) -> String {
    var line = bytes.readableBytesView
    while let last = line.last, last == 13 || last == 10 { line.removeLast() }
    switch kind {
    case .command: return line.prefix(1024).reduce(into: "") { $0.unicodeScalars.append(printable($1)) }
    case .freeText(let verb): return line.count > 4 ? "\(verb) (\(line.count - 4) octets)" : verb
    case .auth(let mechanism): return "AUTH \(mechanism)" + (hasInitialResponse(line) ? " (credentials)" : "")
    case .other(let count): return "(\(min(count, line.count)) octets)"
    }
  }

  /// Whether more than two words stand in the line.
  private static func hasInitialResponse(_ line: ByteBufferView) -> Bool {
    var words = 0
    var isWithin = false
    for byte in line {
      let isBlank = byte == 32 || byte == 9
      if !isBlank, !isWithin { words += 1 }
      isWithin = !isBlank
    }
    return words > 2
  }

  private static func printable(_ byte: UInt8) -> Unicode.Scalar {
    (32...126).contains(byte) ? Unicode.Scalar(byte) : "?"
  }
}
