import MTACore

/// An operator's selection as conditions on `parcels p` and `messages m`. The text depends on which conditions there are, not on their
/// values, so there are few statements.
struct SelectionSQL {
  /// Begins with `AND`, or is empty.
  private(set) var text = ""
  private(set) var values: [SQLValue] = []

  init(_ selection: QueueSelection) {
    if !selection.mails.isEmpty {
      add("p.mail_id IN (SELECT value FROM json_each(?))", .text(CompactJSON.list(selection.mails.map(\.description))))
    }
    add(selection.senders) { "p.\"from\" LIKE \($0)" }
    add(selection.recipients) { "p.\"to\" LIKE \($0)" }
    add(selection.domains.map { "*@" + $0 }) { "p.\"to\" LIKE \($0)" }
    add(selection.nextHops.flatMap { [$0, $0 + " *"] }) { "p.lane LIKE \($0) OR coalesce(p.last_host, '') LIKE \($0)" }
    if !selection.standings.isEmpty {
      add("(" + selection.standings.map(Self.condition).sorted().joined(separator: " OR ") + ")")
    }
    if !selection.logins.isEmpty {
      add(
        """
        json_valid(m.envelope) AND lower(coalesce(json_extract(m.envelope, '$.auth'), '')) IN
          (SELECT value FROM json_each(?))
        """, .text(CompactJSON.list(selection.logins.map(\.description))))
    }
    if let time = selection.createdBefore { add("p.created_at < ?", .text(time.description)) }
    if let time = selection.createdFrom { add("p.created_at >= ?", .text(time.description)) }
    if let size = selection.largerThan { add("m.size > ?", .integer(Int64(size))) }
    if let size = selection.smallerThan { add("m.size < ?", .integer(Int64(size))) }
    // Walked, and not looked up by a path: the name of an attribute may have any characters.
    for (name, value) in selection.attributes.sorted(by: { $0.key < $1.key }) {
      add(
        """
        json_valid(m.envelope) AND EXISTS (SELECT 1 FROM json_each(m.envelope, '$.attributes') a WHERE a.key = ?
          AND CASE a.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(a.atom AS TEXT) END = ?)
        """, .text(name), .text(value))
    }
  }

  private mutating func add(_ condition: String, _ new: SQLValue...) {
    text += " AND " + condition
    values += new
  }

  /// One of the patterns fits.
  private mutating func add(_ patterns: [String], _ condition: (String) -> String) {
    guard !patterns.isEmpty else { return }
    add(
      "EXISTS (SELECT 1 FROM json_each(?) WHERE \(condition("value ESCAPE '\\'")))",
      .text(CompactJSON.list(patterns.map(Self.like))))
  }

  /// `*` becomes `%`; what LIKE would read as more than itself is escaped.
  private static func like(_ pattern: String) -> String {
    var text = ""
    for scalar in pattern.unicodeScalars {
      switch scalar {
      case "*": text += "%"
      case "%", "_", "\\": text += "\\\(scalar)"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private static func condition(_ standing: QueueSelection.Standing) -> String {
    switch standing {
    case .waiting: "p.state = 'waiting' AND p.hold = 0"
    case .deferred: "p.state = 'waiting' AND p.hold = 0 AND p.attempts > 0"
    case .working: "p.state = 'working'"
    case .held: "p.hold = 1"
    }
  }
}
