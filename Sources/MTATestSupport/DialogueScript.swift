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
/// `Docs/TESTING.md` has the whole language. A line that is not understood is an error.
struct DialogueScript {
  enum Step {
    case client([UInt8])
    case server([String])
    case hangUp
    case halfClose
    case shutDown
    case closed
    case silence
    case wait(Duration)
    case check(DialogueCheck)
  }

  /// What happens between connections, and the connections.
  enum Act {
    case setting(line: Int, DialogueSetting)
    case connection([(line: Int, step: Step)])
    /// Time passes, or something is looked at, while nobody is connected.
    case interlude(line: Int, Step)
  }

  var acts: [Act] = []
  let lines: [String]
  private let opensByItself: Bool

  init(_ text: String) throws(DialogueFailure) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    // A script without `-- connect` is one connection, from its first line that is no setting.
    opensByItself = !lines.contains { $0.drop { $0 == " " || $0 == "\t" } == "-- connect" }
    var pending: [String] = []
    for (number, raw) in lines.enumerated() {
      let line = raw.drop { $0 == " " || $0 == "\t" }
      if line.isEmpty { continue }
      if line.hasPrefix("S:") {
        let pattern = Self.body(line)
        pending.append(pattern)
        if pattern.utf8.dropFirst(3).first == UInt8(ascii: "-") { continue }
        try add(.server(pending), number)
        pending = []
        continue
      }
      guard pending.isEmpty else { throw fault(number, "the reply above is not ended") }
      if line.hasPrefix("C:") {
        try add(.client(Self.line(Self.body(line))), number)
      } else if line == "-- connect" {
        acts.append(.connection([]))
      } else if let directive = Self.directive(line) {
        try add(directive, number)
      } else if line.hasPrefix("-- "), let setting = DialogueSetting(line.dropFirst(3).split(separator: " ")) {
        acts.append(.setting(line: number, setting))
      } else if !line.hasPrefix("-- #") {
        throw fault(number, "neither C:, S: nor a directive")
      }
    }
    guard pending.isEmpty else { throw fault(lines.count - 1, "the last reply is not ended") }
  }

  private mutating func add(_ step: Step, _ line: Int) throws(DialogueFailure) {
    if case .connection(let steps)? = acts.last {
      acts[acts.count - 1] = .connection(steps + [(line, step)])
    } else if opensByItself {
      acts.append(.connection([(line, step)]))
    } else {
      switch step {
      case .wait, .check: acts.append(.interlude(line: line, step))
      default: throw fault(line, "nobody is connected")
      }
    }
  }

  func fault(_ line: Int, _ what: String) -> DialogueFailure { DialogueFailure(script: lines, line: line, what: what) }

  /// Whether time is to pass while a connection is open.
  var needsVirtualTime: Bool {
    acts.contains { act in
      guard case .connection(let steps) = act else { return false }
      for (_, step) in steps {
        switch step {
        case .wait: return true
        case .hangUp, .closed: return false
        default: continue
        }
      }
      return false
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
    case "-- shut down": .shutDown
    case "-- closed": .closed
    case "-- silence": .silence
    default:
      if line.hasPrefix("-- wait ") {
        Int(line.dropFirst(8)).map { .wait(.seconds($0)) }
      } else {
        line.hasPrefix("-- ") ? DialogueCheck(line.dropFirst(3)).map { .check($0) } : nil
      }
    }
  }

  /// A line with its end, unless it ends in a lone backslash.
  private static func line(_ text: String) -> [UInt8] {
    let slashes = text.utf8.reversed().prefix { $0 == UInt8(ascii: "\\") }.count
    return unescaped(text) + (slashes.isMultiple(of: 2) ? [13, 10] : [])
  }

  static func unescaped(_ text: String) -> [UInt8] {
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
      case UInt8(ascii: "{"):
        // `\{N text}`: the text N times.
        let words = rest.prefix { $0 != UInt8(ascii: "}") }
        rest = rest.dropFirst(words.count + 1)
        let count = words.prefix { $0 != 32 }
        let repeated = unescaped(String(decoding: words.dropFirst(count.count + 1), as: UTF8.self))
        for _ in 0..<(Int(String(decoding: count, as: UTF8.self)) ?? 0) { bytes += repeated }
      case let other?: bytes.append(other)
      case nil: break
      }
    }
    return bytes
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
