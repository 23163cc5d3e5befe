/// One transaction's bookkeeping: which commands were sent, what each was answered, what became of each recipient.
struct Mailing: Hashable, Sendable {
  enum Step: Hashable, Sendable {
    case reset
    case mail
    /// With the recipient's index.
    case rcpt(Int)
    case data
    /// A piece of the content that is not the last.
    case chunk
    /// With the recipients that the answer is for: all accepted ones, or under LMTP one (RFC 2033 §4.2).
    case endOfContent([Int])
  }

  private enum Recipient: Hashable, Sendable {
    case waiting
    case accepted
    case done(RecipientResult)
  }

  private var recipients: [Recipient] = []
  /// How many are accepted: asked at each answer.
  private var acceptedCount = 0
  /// What awaits its answer, or its turn.
  private(set) var steps: [Step] = []
  /// How many of `steps` were sent, and how many answered.
  private(set) var sent = 0
  private(set) var answered = 0
  /// Whether the content is on its way: answers other than to chunks then come too early.
  var isSendingContent = false
  /// Whether the server has said something about this mail.
  var isMailAnswered = false
  /// Whether MAIL was taken, so that the server holds a transaction.
  var isOpen = false

  init() {}

  init(recipients count: Int) { recipients = Array(repeating: .waiting, count: count) }

  var phase: ClientPhase {
    if isSendingContent { return .content }
    guard answered < steps.count else { return .idle }
    switch steps[answered] {
    case .reset: return .rset
    case .mail: return .mail
    case .rcpt: return .rcpt
    case .data: return .data
    // With the last chunk on its way the server may have the mail, whatever it has answered yet.
    case .chunk: if case .endOfContent? = steps.last { return .endOfContent } else { return .content }
    case .endOfContent: return .endOfContent
    }
  }

  mutating func append(_ step: Step) { steps.append(step) }

  /// A step that was sent at once.
  mutating func sent(_ step: Step) {
    steps.append(step)
    sent = steps.count
  }

  /// The steps to be sent now: all of them, or only the first.
  mutating func takeSteps(all: Bool) -> ArraySlice<Step> {
    let start = sent
    sent = all ? steps.count : min(sent + 1, steps.count)
    return steps[start..<sent]
  }

  /// The step that the next answer belongs to; nil when none is awaited.
  mutating func takeAnswered() -> Step? {
    guard answered < sent else { return nil }
    answered += 1
    return steps[answered - 1]
  }

  var awaitsAnswer: Bool { answered < sent }

  /// Commands that were sent and not answered.
  var outstanding: Int { sent - answered }

  /// Nothing that was not yet sent will be.
  mutating func dropUnsent() { steps.removeSubrange(sent...) }

  mutating func accept(_ index: Int) {
    guard isWaiting(index) else { return }
    recipients[index] = .accepted
    acceptedCount += 1
  }

  /// Keeps a result that a recipient has already.
  mutating func finish(_ index: Int, _ result: RecipientResult) {
    guard recipients.indices.contains(index) else { return }
    if case .done = recipients[index] { return }
    if recipients[index] == .accepted { acceptedCount -= 1 }
    recipients[index] = .done(result)
  }

  mutating func finishAll(_ result: RecipientResult) {
    for index in recipients.indices { finish(index, result) }
  }

  /// The recipients that the server took.
  var accepted: [Int] { recipients.indices.filter { recipients[$0] == .accepted } }
  var hasAccepted: Bool { acceptedCount > 0 }
  /// Whether a recipient has no result yet, nor was accepted.
  func isWaiting(_ index: Int) -> Bool { recipients.indices.contains(index) && recipients[index] == .waiting }
  var isWaiting: Bool { recipients.contains { if case .done = $0 { false } else { true } } }

  /// The server lost count of its answers, so that a refusal may have been meant for another command: none is final.
  mutating func distrust(_ trouble: DeliveryTrouble) {
    let doubtful = OutcomeClassifier.judge(trouble)
    for index in recipients.indices {
      if case .done(let result) = recipients[index], result.outcome == .failed, result.reply != nil {
        recipients[index] = .done(doubtful)
      }
    }
  }

  /// The results, in order; those that are still open share the trouble.
  func settle(_ trouble: DeliveryTrouble) -> [RecipientResult] {
    let rest = OutcomeClassifier.judge(trouble)
    return recipients.map { if case .done(let result) = $0 { result } else { rest } }
  }
}
