import MTACore

/// A domain's MTA-STS policy (RFC 8461 §3.2).
struct MTASTSPolicy: Hashable, Sendable {
  enum Mode: String, Hashable, Sendable {
    /// Hosts that do not fit get no mail.
    case enforce
    /// Hosts that do not fit get it all the same; what would have been is logged.
    case testing
    /// As if there were no policy.
    case none
  }

  /// Host name patterns: a name, or `*.` before one for a single label in front.
  struct Pattern: Hashable, Sendable, CustomStringConvertible {
    var isWildcard: Bool
    var name: DNSName

    init?(_ text: some StringProtocol) {
      isWildcard = text.hasPrefix("*.")
      let name = isWildcard ? text.dropFirst(2) : text[...]
      guard let name = DNSName(name), name.isHostName else { return nil }
      self.name = name
    }

    /// RFC 8461 §4.1: the wildcard stands for exactly one label, the leftmost.
    func matches(_ host: DNSName) -> Bool {
      guard isWildcard else { return host == name }
      guard let dot = host.description.firstIndex(of: ".") else { return false }
      return host.description[dot...].dropFirst() == name.description
    }

    var description: String { (isWildcard ? "*." : "") + name.description }
  }

  /// Of a policy text, at most (RFC 8461 §3.3 proposes as much).
  static let maximumOctets = 65_536
  static let maximumPatterns = 256
  /// RFC 8461 §3.2: about a year.
  static let maximumAge: Duration = .seconds(31_557_600)

  /// Of the record that it was fetched for.
  var id: String
  var mode: Mode
  var age: Duration
  var patterns: [Pattern]

  func names(_ host: DNSName) -> Bool { patterns.contains { $0.matches(host) } }
}

extension MTASTSPolicy {
  /// Why a text is no policy.
  struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// Reads the text of a policy: lines of `key: value`. Unknown keys are passed over, and of a key that may stand once the first counts.
  init(id: String, text: [UInt8]) throws(Fault) {
    guard text.count <= Self.maximumOctets else { throw Fault("more than \(Self.maximumOctets) octets") }
    var values: [String: String] = [:]
    var patterns: [Pattern] = []
    for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      var line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      while let last = line.last, last == 32 || last == 9 { line.removeLast() }
      if line.isEmpty { continue }
      // Nothing of the text is shown but through what is checked here.
      guard line.allSatisfy({ (32...126).contains($0) || $0 == 9 || $0 >= 128 }),
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
      else { throw Fault("a line is no field") }
      let key = String(decoding: line[..<colon], as: UTF8.self)
      var value = line[(colon + 1)...]
      while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
      let shown = String(decoding: value, as: UTF8.self)
      if key == "mx" {
        guard patterns.count < Self.maximumPatterns else { throw Fault("more than \(Self.maximumPatterns) patterns") }
        guard let pattern = Pattern(shown) else { throw Fault("an mx field is no host name") }
        patterns.append(pattern)
      } else if values[key] == nil, ["version", "mode", "max_age"].contains(key) {
        values[key] = shown
      }
    }
    guard values["version"] == "STSv1" else { throw Fault("the version is not STSv1") }
    guard let mode = values["mode"].flatMap({ Mode(rawValue: $0) }) else { throw Fault("there is no mode") }
    guard let digits = values["max_age"], (1...10).contains(digits.utf8.count),
      digits.utf8.allSatisfy({ (48...57).contains($0) }), let seconds = Int64(digits)
    else { throw Fault("there is no max_age") }
    if mode != .none, patterns.isEmpty { throw Fault("there is no mx") }
    self.init(id: id, mode: mode, age: min(.seconds(seconds), Self.maximumAge), patterns: patterns)
  }
}
