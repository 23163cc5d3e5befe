import MTACore

/// A filter's answer about a mail, read and checked. The verdict follows from it.
struct FilterOpinion: Hashable, Sendable {
  /// The action that the server asks for. SpamAssassin knows the first two.
  enum Action: Hashable, Sendable {
    case deliver
    /// Deliver, marked as spam; with this subject if it is to be rewritten.
    case mark(subject: String?)
    case `defer`
    case reject
    case hold
    case discard
  }

  struct Test: Hashable, Sendable {
    var name: String
    /// Nil if the server gives none.
    var points: Double?
  }

  /// Larger numbers, positive or negative, are not scores.
  static let maximumPoints = 99_999.0
  /// Tests named in the header.
  static let maximumTests = 60

  var points: Double
  /// The points from which the server calls a mail spam; nil if it gives none.
  var required: Double?
  var action: Action
  var tests: [Test]
  /// The server's words for the sender.
  var message: String?

  func verdict(_ options: ContentFilterOptions) -> FilterVerdict {
    let reason = message ?? "it looks like spam (\(FilterText.points(points)) points)"
    if let limit = options.rejectsFrom, points >= limit { return .reject(reason) }
    if action == .reject {
      switch options.onReject {
      case .bounce: return .reject(reason)
      case .discard: return .discard(reason)
      case .hold: return .hold(reason)
      }
    }
    if action == .discard { return .discard(reason) }
    if let limit = options.holdsFrom, points >= limit { return .hold(reason) }
    if action == .hold { return .hold(reason) }
    if action == .defer { return .defer(message ?? "try again later") }
    return .pass(adding: fields(options))
  }

  private func fields(_ options: ContentFilterOptions) -> [HeaderEdit] {
    var isSpam = false
    var subject: String?
    if case .mark(let wanted) = action { (isSpam, subject) = (true, wanted) }
    if let limit = options.marksFrom { isSpam = points >= limit }
    var status = "\(isSpam ? "Yes" : "No"), score=\(FilterText.points(points))"
    if let required { status += " required=\(FilterText.points(required))" }
    let names = tests.prefix(Self.maximumTests).map { test in
      test.name + (test.points.map { "(\(FilterText.points($0)))" } ?? "")
    }
    status += " tests=" + (names.isEmpty ? "none" : names.joined(separator: ", "))
    if tests.count > names.count { status += ", and \(tests.count - names.count) more" }
    var fields = [("X-Spam-Status", status), ("X-Spam-Score", FilterText.points(points))]
    let stars = Int(min(max(points, 0), 50))
    if stars > 0 { fields.append(("X-Spam-Level", String(repeating: "*", count: stars))) }
    if isSpam { fields.append(("X-Spam-Flag", "YES")) }
    var edits = fields.compactMap { try? HeaderEdit(adding: $0, $1) }
    // A subject that cannot stand in a header is left as it came.
    if isSpam, let subject, let edit = try? HeaderEdit(adding: "Subject", subject) { edits.append(edit) }
    return edits
  }

  /// The field that says why a mail was not checked.
  static func unchecked(_ reason: String) -> [HeaderEdit] {
    let field = try? HeaderEdit(adding: "X-Spam-Checked", "no (\(FilterText.line(reason, limit: 200)))")
    return field.map { [$0] } ?? []
  }
}
