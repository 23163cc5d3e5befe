import MTACore

/// A domain's MTA-STS policy (RFC 8461 §3.2).
struct MTASTSPolicy: Hashable, Sendable {
  enum Mode: String, Hashable, Sendable {
    /// Hosts that do not fit get no mail.
    case enforce
    /// Hosts that do not fit still get mail; the log says what would have happened.
    case testing
    /// As if there were no policy.
    case none

    init?(bytes: ArraySlice<UInt8>) {
      switch bytes {
      case _ where bytes.spells("enforce"): self = .enforce
      case _ where bytes.spells("testing"): self = .testing
      case _ where bytes.spells("none"): self = .none
      default: return nil
      }
    }
  }

  /// Host name patterns: a name, or `*.` before one for a single label in front.
  struct Pattern: Hashable, Sendable, CustomStringConvertible {
    var isWildcard: Bool
    var name: DNSName

    init?(_ text: String) { self.init(bytes: Array(text.utf8)[...]) }

    init?(bytes: ArraySlice<UInt8>) {
      isWildcard = bytes.begins("*.")
      guard let name = DNSName(bytes: isWildcard ? bytes.dropFirst(2) : bytes), name.isHostName else { return nil }
      self.name = name
    }

    /// RFC 8461 §4.1: the wildcard stands for exactly one label, the leftmost.
    func matches(_ host: DNSName) -> Bool {
      guard isWildcard else { return host == name }
      let labels = host.description.utf8.drop { $0 != UInt8(ascii: ".") }
      return labels.dropFirst().elementsEqual(name.description.utf8)
    }

    var description: String { (isWildcard ? "*." : "") + name.description }
  }

  /// The longest policy text in octets (RFC 8461 §3.3 proposes this).
  static let maximumOctets = 65_536
  static let maximumPatterns = 256
  /// RFC 8461 §3.2: about a year.
  static let maximumAge: Duration = .seconds(31_557_600)

  /// The id of the record for which it was fetched.
  var id: String
  var mode: Mode
  var age: Duration
  var patterns: [Pattern]

  func names(_ host: DNSName) -> Bool { patterns.contains { $0.matches(host) } }
}

extension MTASTSPolicy {
  /// Why a text is not a policy.
  struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// Reads the text of a policy: lines of `key: value`. Unknown keys are skipped. If a key may stand once, the first counts.
  init(id: String, text: [UInt8]) throws(Fault) {
    guard text.count <= Self.maximumOctets else { throw Fault("more than \(Self.maximumOctets) octets") }
    var version: ArraySlice<UInt8>?
    var modeName: ArraySlice<UInt8>?
    var digits: ArraySlice<UInt8>?
    var patterns: [Pattern] = []
    for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      var line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      line = line.prefix(line.lastIndex { $0 != 32 && $0 != 9 }.map { $0 - line.startIndex + 1 } ?? 0)
      if line.isEmpty { continue }
      // Nothing of the text is shown but through what is checked here.
      guard line.allSatisfy({ (32...126).contains($0) || $0 == 9 || $0 >= 128 }),
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
      else { throw Fault("a line is no field") }
      let key = line[..<colon]
      let value = line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }
      if key.spells("mx") {
        guard patterns.count < Self.maximumPatterns else { throw Fault("more than \(Self.maximumPatterns) patterns") }
        guard let pattern = Pattern(bytes: value) else { throw Fault("an mx field is no host name") }
        patterns.append(pattern)
      } else if key.spells("version") {
        version = version ?? value
      } else if key.spells("mode") {
        modeName = modeName ?? value
      } else if key.spells("max_age") {
        digits = digits ?? value
      }
    }
    guard version?.spells("STSv1") == true else { throw Fault("the version is not STSv1") }
    guard let mode = modeName.flatMap({ Mode(bytes: $0) }) else { throw Fault("there is no mode") }
    guard let digits, (1...10).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else {
      throw Fault("there is no max_age")
    }
    let seconds = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 48) }
    if mode != .none, patterns.isEmpty { throw Fault("there is no mx") }
    self.init(id: id, mode: mode, age: min(.seconds(seconds), Self.maximumAge), patterns: patterns)
  }
}
