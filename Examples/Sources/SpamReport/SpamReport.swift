import MTA

/// Suspicious findings about a mail. They stay with the mail as an attribute: through the queue, and over a restart.
struct SpamReport: Hashable {
  var points: Int64 = 0
  var reasons: [String] = []

  mutating func add(_ points: Int64, _ reason: String) {
    self.points += points
    reasons.append(reason)
  }
}

/// An attribute is data, not an object; a type of your own says how it becomes data and is read back.
extension SpamReport: AttributeConvertible {
  init?(_ value: AttributeValue) {
    guard case .map(let fields) = value, let points = fields["points"].flatMap({ Int64($0) }) else { return nil }
    self.points = points
    reasons = fields["reasons"].flatMap { [String]($0) } ?? []
  }

  var attributeValue: AttributeValue {
    .map(["points": points.attributeValue, "reasons": reasons.attributeValue])
  }
}

extension AttributeKey where Value == SpamReport {
  /// Names begin with a domain of yours, so that no two authors share one.
  static var spamReport: Self { "village.example/spam-report" }
}
