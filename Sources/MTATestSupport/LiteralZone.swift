public import MTACore

/// A DNS that is written down in the test: nothing leaves the process, and every answer is at once.
///
/// ```swift
/// let dns = try LiteralZone("""
///   example.org 300 MX 10 mx.example.org
///   mx.example.org A 192.0.2.1
///   s._domainkey.example.org TXT "v=DKIM1; p=…"
///   broken.example SERVFAIL
///   """)
/// ```
///
/// Each line is `NAME [TTL] [IN] TYPE DATA` (see `DNSRecord.init(_:defaultTTL:)`), or one of
/// - `NAME SERVFAIL [TYPE]` and `NAME TIMEOUT [TYPE]`: the look-up fails, for all types or for one;
/// - `NAME NXDOMAIN`: there is no such name, whatever else the zone has;
/// - `NAME INSECURE`: in a zone that is authenticated, answers about this name, and those that lead through it, are not.
///
/// Empty lines and what follows `;` or `#` at the start of a line are passed over. A name that no line has does not exist; one
/// that only has names below it, or records of other types, has no record of the type.
public struct LiteralZone: DNSLookup {
  /// The line that could not be read.
  public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1, within the text that was given.
    public var line: Int
    public var text: String

    public var description: String { "line \(line) is no resource record: \(text)" }
  }

  private struct Mark: Hashable {
    var name: DNSName
    /// Nil: every type.
    var type: DNSRecordType?
  }

  private var records: [DNSName: [DNSRecord]] = [:]
  private var answers: [Mark: DNSAnswer] = [:]
  private var insecure: Set<DNSName> = []
  /// Every name of the zone and the names above them.
  private var names: Set<DNSName> = []
  /// Whether answers claim to be authenticated.
  private let authenticated: Bool

  /// A zone without names; ``add(_:)`` gives it some.
  public init(authenticated: Bool = false) { self.authenticated = authenticated }

  /// - Throws: ``Fault``, which names the first line that cannot be read.
  public init(_ text: String, authenticated: Bool = false) throws(Fault) {
    self.authenticated = authenticated
    try add(text)
  }

  /// Adds lines to the zone.
  ///
  /// - Throws: ``Fault``, which names the first line that cannot be read; those before it are in the zone.
  public mutating func add(_ text: String) throws(Fault) {
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() {
      let words = line.split { $0 == " " || $0 == "\t" }
      guard let first = words.first?.first, first != ";", first != "#" else { continue }
      guard add(line, words) else { throw Fault(line: index + 1, text: String(line)) }
    }
  }

  /// Follows at most 16 aliases, then fails as a resolver does.
  public func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    var name = name
    var authenticated = authenticated
    for _ in 0...16 {
      if let marked = answers[Mark(name: name, type: type)] ?? answers[Mark(name: name, type: nil)] { return marked }
      if insecure.contains(name) { authenticated = false }
      let own = records[name] ?? []
      let found = own.filter { $0.type == type }
      if !found.isEmpty { return .records(found, authenticated: authenticated) }
      guard let alias = own.first(where: { $0.type == .cname }), case .alias(let target) = alias.data else {
        return names.contains(name) ? .noSuchType : .noSuchName
      }
      name = target
    }
    return .failure(.tooManySteps)
  }

  private mutating func add(_ line: Substring, _ words: [Substring]) -> Bool {
    if words.count >= 2, let answer = Self.answer(words[1]) {
      guard words.count <= 3, let name = DNSName(presentation: words[0]) else { return false }
      let type = words.count == 3 ? DNSRecordType(mnemonic: words[2]) : nil
      guard words.count == 2 || (type != nil && answer != .noSuchName) else { return false }
      answers[Mark(name: name, type: type)] = answer
      return true
    }
    if words.count == 2, words[1] == "INSECURE" {
      guard let name = DNSName(presentation: words[0]) else { return false }
      insecure.insert(name)
      return true
    }
    guard let record = DNSRecord(line) else { return false }
    records[record.name, default: []].append(record)
    var labels = record.name.labels[...]
    while let name = DNSName(labels: Array(labels)), !name.isRoot {
      names.insert(name)
      labels = labels.dropFirst()
    }
    return true
  }

  private static func answer(_ word: Substring) -> DNSAnswer? {
    switch word {
    case "SERVFAIL": .failure(.serverFailure(code: 2))
    case "TIMEOUT": .failure(.timedOut)
    case "NXDOMAIN": .noSuchName
    default: nil
    }
  }
}
