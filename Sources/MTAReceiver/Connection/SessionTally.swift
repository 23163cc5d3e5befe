import MTACore

import struct MTASystem.MonotonicInstant

/// Counts and times of a session for observers, and what refused.
struct SessionTally {
  let begin = MonotonicInstant.now
  /// When the content that is arriving began.
  var contentBegin = MonotonicInstant.now
  /// The session began, behind the handshake where TLS comes first.
  var isOpen = false
  /// A login succeeded, and there was no event for it yet.
  var hasLogin = false
  var bytesReceived = 0
  var bytesSent = 0
  var replies = 0
  var mails = 0
  var refusals = 0
  /// What refuses next, where that is known before.
  private var next: ReceiverEvent.Source?
  /// The last verdict that refuses, and its words. If it refuses content, the answer comes at the end of the content.
  private var verdict: (hook: HookName, words: Set<[UInt8]>)?

  mutating func expect(_ source: ReceiverEvent.Source) { next = source }

  /// A hook answered.
  mutating func note(_ answer: Answer, to question: Question) {
    // One that failed before it was of no consequence.
    if next?.hook != nil { next = nil }
    let words = answer.refusals
    if !words.isEmpty, let hook = question.hook { verdict = (hook, words) }
  }

  /// A hook failed in place of an answer.
  mutating func noteFailure(of hook: HookName?) { if let hook { next = .hook(hook) } }

  /// What refused with this answer.
  mutating func source(of reply: Reply) -> ReceiverEvent.Source {
    refusals += 1
    if let next = next.take() { return next }
    guard let verdict, let words = reply.lines.first, verdict.words.contains(Array(words.utf8)) else { return .server }
    return .hook(verdict.hook)
  }
}

extension Answer {
  /// The words of its refusals; none where it refuses nothing.
  fileprivate var refusals: Set<[UInt8]> {
    switch self {
    case .connect(.refuse(let refusal)), .connect(.defer(let refusal)), .stage(.refuse(let refusal)),
      .stage(.defer(let refusal)), .recipient(.refuse(let refusal)), .recipient(.defer(let refusal)),
      .message(.refuse(let refusal)), .message(.defer(let refusal)), .command(.refuse(let refusal)),
      .command(.defer(let refusal)):
      return [Array(refusal.text.utf8)]
    case .message(.recipients(let verdicts)):
      return Set(
        verdicts.values.compactMap { verdict in
          switch verdict {
          case .proceed: nil
          case .refuse(let refusal), .defer(let refusal): Array(refusal.text.utf8)
          }
        })
    default: return []
    }
  }
}
