import MTACore

/// What a filter's server said of a mail, read and checked; from it follows the verdict.
struct FilterOpinion: Hashable, Sendable {
  /// What the server asks us to do. SpamAssassin knows the first two.
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
    /// Nil when the server does not tell.
    var points: Double?
  }

  /// What is more, one way or the other, is no score.
  static let maximumPoints = 99_999.0
  /// Tests named in the header.
  static let maximumTests = 60

  var points: Double
  /// At which the server calls a mail spam; nil when it does not tell.
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

  /// The field that says why a mail has no other.
  static func unchecked(_ reason: String) -> [HeaderEdit] {
    let field = try? HeaderEdit(adding: "X-Spam-Checked", "no (\(FilterText.line(reason, limit: 200)))")
    return field.map { [$0] } ?? []
  }
}
