/// Where canonical bytes go.
protocol CanonicalSink {
  mutating func take(_ bytes: Span<UInt8>)
  mutating func take(_ byte: UInt8)
}

/// Brings a body that arrives in pieces into canonical form (RFC 6376 §3.4.3, §3.4.4).
///
/// Nothing is copied: whatever is the same in canonical form goes to the sink as a part of the piece, as long as can
/// be. Only what may turn out to be nothing is withheld: blanks until the line goes on, and line ends until more text
/// follows. CR LF alone ends a line; a CR or LF that stands alone is text.
struct BodyCanonicalizer {
  private let isRelaxed: Bool
  /// Line ends withheld.
  private var lines = 0
  /// Whether blanks behind them are withheld (relaxed).
  private var hasBlank = false
  /// Whether the last piece ended with a CR.
  private var hasReturn = false
  private var hasText = false

  init(_ canonicalization: DKIMCanonicalization) { isRelaxed = canonicalization == .relaxed }

  mutating func update(_ input: Span<UInt8>, into sink: inout some CanonicalSink) {
    guard !input.isEmpty else { return }
    var index = 0
    if hasReturn {
      hasReturn = false
      if input[0] == Self.lineFeed {
        endLine()
        index = 1
      } else {
        release(into: &sink)
        sink.take(Self.carriageReturn)
      }
    }
    while true {
      index = withhold(input, from: index)
      guard index < input.count else { return }
      var start = index
      // The usual case: of several blanks, the last is the one that counts.
      if hasBlank, lines == 0, index > 0, input[index - 1] == Self.space {
        hasBlank = false
        start -= 1
      }
      release(into: &sink)
      index = endOfText(input, from: index)
      sink.take(input.extracting(start..<index))
    }
  }

  /// The body is complete.
  mutating func finish(into sink: inout some CanonicalSink) {
    if hasReturn {
      hasReturn = false
      release(into: &sink)
      sink.take(Self.carriageReturn)
    }
    // RFC 6376 §3.4.3: an empty body is one CR LF; §3.4.4: it is nothing. Both add a line end that is missing.
    if hasText || !isRelaxed { sink.take(Self.lineEnds.span.extracting(0..<2)) }
  }

  /// Skips blanks and line ends, counting them as withheld. Returns where text begins, or the end.
  private mutating func withhold(_ input: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < input.count {
      switch input[index] {
      case Self.space, Self.tab:
        guard isRelaxed else { return index }
        hasBlank = true
        index += 1
      case Self.carriageReturn:
        guard index + 1 < input.count else {
          hasReturn = true
          return input.count
        }
        guard input[index + 1] == Self.lineFeed else { return index }
        endLine()
        index += 2
      default: return index
      }
    }
    return index
  }

  private mutating func endLine() {
    lines += 1
    // RFC 6376 §3.4.4: blanks at the end of a line are nothing.
    hasBlank = false
  }

  /// More text follows: what was withheld counts.
  private mutating func release(into sink: inout some CanonicalSink) {
    hasText = true
    while lines > 0 {
      let count = min(lines, Self.lineEnds.count / 2)
      sink.take(Self.lineEnds.span.extracting(0..<count * 2))
      lines -= count
    }
    if hasBlank {
      hasBlank = false
      sink.take(Self.space)
    }
  }

  /// Where the text that begins at `start` and is canonical as it stands comes to its end.
  private func endOfText(_ input: Span<UInt8>, from start: Int) -> Int {
    var index = start + 1
    while true {
      index = isRelaxed ? input.firstUnsettled(from: index) : input.firstReturn(from: index)
      guard index < input.count else { return input.count }
      switch input[index] {
      case Self.space where isRelaxed:
        guard index + 1 < input.count, !Self.isBlankOrReturn(input[index + 1]) else { return index }
        index += 2
      case Self.tab where isRelaxed: return index
      case Self.carriageReturn:
        guard index + 1 < input.count else { return index }
        guard input[index + 1] == Self.lineFeed else {
          index += 1
          continue
        }
        var next = index + 2
        while next + 1 < input.count, input[next] == Self.carriageReturn, input[next + 1] == Self.lineFeed { next += 2 }
        guard next < input.count, isRelaxed ? !Self.isBlankOrReturn(input[next]) : input[next] != Self.carriageReturn
        else { return index }
        index = next + 1
      default: index += 1
      }
    }
  }

  private static func isBlankOrReturn(_ byte: UInt8) -> Bool { byte == space || byte == tab || byte == carriageReturn }

  private static let space = UInt8(ascii: " ")
  private static let tab = UInt8(ascii: "\t")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let lineEnds = [UInt8]((0..<64).flatMap { _ in [13, 10] as [UInt8] })
}
