import MTACore

/// DNS records from a file, one a line: `NAME TXT "…"`, or with TTL and `IN`. Empty lines and those that begin with `;` or `#` are
/// passed over.
struct ZoneFile: DNSLookup {
  private var records: [DNSName: [DNSRecord]] = [:]
  private var fallback: (any DNSLookup)?

  init(path: String) throws(DKIMTrouble) {
    let text = String(decoding: try LocalFile.read(path), as: UTF8.self)
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = line.split { $0 == " " || $0 == "\t" }
      guard let first = words.first?.first, first != ";", first != "#" else { continue }
      guard let record = DNSRecord(line) else {
        throw DKIMTrouble("\(path), line \(index + 1): no record of the form NAME TXT \"…\"")
      }
      records[record.name, default: []].append(record)
    }
  }

  /// This zone for the names that it has, and `fallback` for all others.
  func backed(by fallback: (any DNSLookup)?) -> ZoneFile {
    var zone = self
    zone.fallback = fallback
    return zone
  }

  func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    guard let own = records[name] else { return await fallback?.lookup(name, type) ?? .noSuchName }
    let found = own.filter { $0.type == type }
    return found.isEmpty ? .noSuchType : .records(found, authenticated: false)
  }
}
