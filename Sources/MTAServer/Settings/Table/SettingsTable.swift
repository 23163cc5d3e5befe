/// Every setting, in the order of `Docs/SETTINGS.md`, which is also the order in which they are read.
package enum SettingsTable {
  package static let rows: [Setting] = Setting.Section.allCases.flatMap(rows)

  package static func rows(of section: Setting.Section) -> [Setting] {
    switch section {
    case .identity: identity
    case .listening: listening
    case .submission: submission
    case .rules: rules
    case .queue: queue + webhooks
    case .filter: filter
    case .process: process
    }
  }

  /// The table of a section, in Markdown.
  package static func page(of section: Setting.Section) -> String {
    var lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for row in rows(of: section) {
      let marks = (row.isForLater ? " †" : "") + (row.isSecret ? " ‡" : "")
      lines.append("| `\(row.key)`\(marks) | \(row.type) | \(row.initial) | \(row.meaning) |")
    }
    return lines.joined(separator: "\n")
  }
}
