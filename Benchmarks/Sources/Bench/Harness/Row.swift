/// A line of the table.
struct Row {
  let name: String
  let unit: String
  /// One for each round.
  var values: [Double] = []

  init(_ name: String, _ unit: String) {
    self.name = name
    self.unit = unit
  }

  static let heading = """
    | what | unit | min | median | max |
    |---|---|--:|--:|--:|
    """

  var markdown: String {
    let sorted = values.sorted()
    guard let least = sorted.first, let most = sorted.last else { return "| \(name) | \(unit) | – | – | – |" }
    let middle = sorted[sorted.count / 2]
    return "| \(name) | \(unit) | \(Self.text(least)) | \(Self.text(middle)) | \(Self.text(most)) |"
  }

  /// Three figures are all that a busy machine gives.
  private static func text(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    if value >= 100 { return "\(Int(value.rounded()))" }
    let places = value >= 10 ? 10.0 : 100.0
    return "\((value * places).rounded() / places)"
  }
}
