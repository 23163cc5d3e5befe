/// A conversation as text: what the client says, what the server must answer.
///
/// ```
/// S: 220 *
/// C: EHLO client.example
/// S: 250
/// -- wait 301
/// S: 421 4.4.2
/// -- closed
/// ```
///
/// - `C: text` sends a line, CR LF added. `\r`, `\n`, `\0`, `\t`, `\xHH` and `\\` stand for those bytes; a line that ends
///   in `\` (a lone backslash) is sent without CR LF.
/// - `S: pattern` takes one whole reply, however many lines it has, and compares its beginning; `*` stands for anything.
///   `S: 250-first`, `S: 250 last` in a row compare a reply line by line.
/// - `-- hang up`: the client closes. `-- half close`: it sends nothing more, but still reads. `-- closed`: the server must have closed, with nothing left unsaid.
///   `-- wait N`: N seconds pass. `-- silence`: nothing must have been said. `-- # text`: a remark; empty lines too.
struct DialogueScript {
  enum Step: Hashable {
    case client([UInt8])
    case server([String])
    case hangUp
    case halfClose
    case closed
    case silence
    case wait(Duration)
  }

  var steps: [(line: Int, step: Step)] = []
  let lines: [String]

  init(_ text: String) throws(DialogueFailure) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var pending: [String] = []
    for (number, raw) in lines.enumerated() {
      let line = raw.drop { $0 == " " || $0 == "\t" }
      if line.isEmpty { continue }
      if line.hasPrefix("S:") {
        let pattern = Self.body(line)
        pending.append(pattern)
        if pattern.utf8.dropFirst(3).first == UInt8(ascii: "-") { continue }
        steps.append((number, .server(pending)))
        pending = []
        continue
      }
      guard pending.isEmpty else {
        throw DialogueFailure(script: lines, line: number, what: "the reply above is not ended")
      }
      if line.hasPrefix("C:") {
        steps.append((number, .client(Self.bytes(Self.body(line)))))
      } else if let directive = Self.directive(line) {
        steps.append((number, directive))
      } else if !line.hasPrefix("-- #") {
        throw DialogueFailure(script: lines, line: number, what: "neither C:, S: nor a directive")
      }
    }
  }

  private static func body(_ line: Substring) -> String {
    let body = line.dropFirst(2)
    return String(body.first == " " ? body.dropFirst() : body)
  }

  private static func directive(_ line: Substring) -> Step? {
    switch line {
    case "-- hang up": .hangUp
    case "-- half close": .halfClose
    case "-- closed": .closed
    case "-- silence": .silence
    default: line.hasPrefix("-- wait ") ? Int(line.dropFirst(8)).map { .wait(.seconds($0)) } : nil
    }
  }

  private static func bytes(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "r"): bytes.append(13)
      case UInt8(ascii: "n"): bytes.append(10)
      case UInt8(ascii: "t"): bytes.append(9)
      case UInt8(ascii: "0"): bytes.append(0)
      case UInt8(ascii: "x"):
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        rest = rest.dropFirst(2)
        bytes.append(UInt8(digits, radix: 16) ?? UInt8(ascii: "?"))
      case let other?: bytes.append(other)
      case nil: return bytes
      }
    }
    return bytes + [13, 10]
  }

  /// Whether a reply's lines fit the expected ones.
  static func matches(_ reply: [String], _ expected: [String]) -> Bool {
    if expected.count > 1 { return reply.count == expected.count && zip(reply, expected).allSatisfy { fits($0, $1) } }
    guard let pattern = expected.first, let first = reply.first else { return false }
    // One pattern stands for the whole reply, so the hyphen of its first line counts as a blank.
    let whole = String(first.prefix(3)) + " " + reply.map { $0.dropFirst(4) }.joined(separator: "\n")
    return fits(whole, pattern)
  }

  private static func fits(_ text: String, _ pattern: String) -> Bool {
    var rest = text[...]
    for (index, part) in pattern.split(separator: "*", omittingEmptySubsequences: false).enumerated()
    where !part.isEmpty {
      if index == 0 {
        guard rest.hasPrefix(part) else { return false }
        rest = rest.dropFirst(part.count)
      } else {
        guard let range = rest.firstRange(of: part) else { return false }
        rest = rest[range.upperBound...]
      }
    }
    return true
  }
}

/// A dialogue went otherwise than its script. Its description shows the script with the line marked.
public struct DialogueFailure: Error, CustomStringConvertible {
  let script: [String]
  let line: Int
  let what: String

  public var description: String {
    var text = "line \(line + 1): \(what)\n"
    for (number, content) in script.enumerated() {
      text += (number == line ? ">>> " : "    ") + content.drop { $0 == " " || $0 == "\t" } + "\n"
    }
    return text
  }
}
