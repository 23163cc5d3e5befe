/// What is under way on a link, and whether another message waits for it: then one call sends many.
///
/// While mails are being made durable, the queue process does nothing with another mail but read it. So commits wait for the answers to those
/// before them, and go together. That wakes each side once for many mails. A link at rest waits for nothing.
struct LinkTraffic {
  enum Kind {
    case commit
    /// A question whose answer does not wait for anything.
    case short
    /// A question that may take long, such as the check of a password. It is sent at once, and nothing waits for it.
    case long
  }

  /// Commits that wait. The next is sent with them at once.
  static let mostWaiting = 64

  /// By number: an answer that never comes twice ends each, also if nobody waits for it any more.
  private var commits: Set<UInt64> = []
  private var questions: Set<UInt64> = []
  private var waiting = 0

  /// Nothing is under way whose answer comes soon.
  var isEmpty: Bool { commits.isEmpty && questions.isEmpty }

  /// - Returns: true if it waits for an answer to what is under way.
  mutating func began(_ number: UInt64, _ kind: Kind) -> Bool {
    switch kind {
    case .commit:
      commits.insert(number)
      waiting = commits.count > 1 && waiting < Self.mostWaiting ? waiting + 1 : 0
      return waiting > 0
    case .short:
      questions.insert(number)
      return questions.count > 1
    case .long:
      return false
    }
  }

  /// It has its answer. What waited is sent now.
  mutating func ended(_ number: UInt64) {
    waiting = 0
    if commits.remove(number) == nil { questions.remove(number) }
  }
}
