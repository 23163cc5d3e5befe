import MTACore

/// The recipients of one mail at one server, in as many transactions as the server's limit of recipients makes of them
/// (RFC 5321 §4.5.3.1.10).
///
/// Whom a full transaction did not take goes in the next one. Where full means full, so that nobody was taken behind the first who was
/// not, that many recipients are the limit from now on; it is proved when the next transaction takes that first one, for else the
/// server may have meant the mailbox and not the transaction.
struct RecipientParts: Hashable, Sendable {
  private(set) var results: [RecipientResult?]
  /// Recipients of a transaction; nil: as many as there are.
  private(set) var limit: Int?
  /// The limit that the server has shown to be one.
  private(set) var provenLimit: Int?
  /// Whether the last transaction of this connection delivered to anybody.
  private(set) var hasDelivered = false
  /// Who is still to go, in order.
  private var waiting: ArraySlice<Int>
  private var guess: Int?

  /// - Parameter limit: what is known of the server's.
  init(count: Int, limit: Int? = nil) {
    results = Array(repeating: nil, count: count)
    self.limit = limit
    waiting = (0..<count).map { $0 }[...]
  }

  /// Whether the server has said something about any of them.
  var hasAnswers: Bool { results.contains { $0 != nil } }

  /// The indexes of the next transaction's recipients; none when all have their results.
  var next: ArraySlice<Int> { waiting.prefix(max(limit ?? waiting.count, 1)) }

  /// Another connection takes what is left.
  mutating func beginAnew() { hasDelivered = false }

  /// Takes the results of the transaction that ``next`` told of, one each. Each transaction gives at least one recipient a result that
  /// stands, or halves the limit, or is the last: this ends.
  mutating func take(_ answers: [RecipientResult]) {
    let part = next
    for (index, answer) in zip(part, answers) { results[index] = answer }
    hasDelivered = answers.contains { $0.outcome == .delivered }
    if let guess, answers.first?.outcome == .delivered { provenLimit = guess }
    guess = nil
    let surplus = zip(part, answers).filter { $0.1.isSurplus }.map(\.0)
    let rest = waiting.dropFirst(part.count)
    guard let full = answers.firstIndex(where: \.isSurplus), part.count > 1 else {
      waiting = rest
      return
    }
    if full == 0 {
      // Said of all of them, behind their acceptance.
      limit = part.count / 2
      guess = limit
    } else if !answers[full...].contains(where: { $0.outcome == .delivered }) {
      limit = full
      guess = full
    }
    waiting = surplus + rest
  }
}
