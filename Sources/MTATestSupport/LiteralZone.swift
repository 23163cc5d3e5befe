public import MTACore

/// A DNS zone, written in the test. Nothing leaves the process, and every answer comes at once.
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
/// - `NAME INSECURE`: in an authenticated zone, answers about this name, or that lead through it, are not authenticated.
///
/// Empty lines and lines that begin with `;` or `#` are skipped. A name without a line does not exist. A name that only has names below
/// it, or records of other types, exists without a record of the type.
public struct LiteralZone: DNSLookup {
  /// The line that could not be read.
  public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1, within the given text.
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

  /// A zone without names. ``add(_:)`` adds them.
  public init(authenticated: Bool = false) { self.authenticated = authenticated }

  /// - Throws: ``Fault``, which names the first unreadable line.
  public init(_ text: String, authenticated: Bool = false) throws(Fault) {
    self.authenticated = authenticated
    try add(text)
  }

  /// Adds lines to the zone.
  ///
  /// - Throws: ``Fault``, which names the first unreadable line. The lines before it are in the zone.
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
