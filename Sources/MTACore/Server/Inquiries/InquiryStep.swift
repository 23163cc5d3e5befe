/// What an inquiry does next.
///
/// An inquiry is what one command asks before it is answered. It is a value with one method, `step`: without an answer it begins, and
/// with the answer to its last question it goes on. The session asks what it says, and ends it with the last step.
enum InquiryStep<Finding: Hashable & Sendable>: Hashable, Sendable {
  /// Ask this, and go on with the answer.
  case ask(Question)
  /// It is over: the command is refused.
  case refuse(Objection)
  /// It is over, and nothing speaks against the command.
  case done(Finding)

  /// The step on an answer that is none to the question.
  static func unexpected(_ answer: Answer?) -> Self { .refuse(Objection(unexpected: answer)) }

  /// The same step of an inquiry that this one is a part of.
  func map<Other>(_ transform: (Finding) -> Other) -> InquiryStep<Other> {
    switch self {
    case .ask(let question): .ask(question)
    case .refuse(let objection): .refuse(objection)
    case .done(let finding): .done(transform(finding))
    }
  }
}

/// Why a command is refused, and what follows from it.
struct Objection: Hashable, Sendable {
  let reply: Reply
  /// The connection ends behind the reply.
  var thenClose = false
  /// A reply of 5yz counts against the client's address (R3).
  var isViolation = true
  /// A hook said so, or failed. A rule, a limit or the DNS did otherwise.
  var isByHook = false

  /// Of a rule, a limit or the DNS.
  init(_ reply: Reply, isViolation: Bool = true) {
    self.reply = reply
    self.isViolation = isViolation
  }

  static func refused(_ refusal: Refusal) -> Objection { Objection(.refused(refusal), refusal) }
  static func deferred(_ refusal: Refusal) -> Objection { Objection(.deferred(refusal), refusal) }

  private init(_ reply: Reply, _ refusal: Refusal) {
    self.reply = reply
    thenClose = refusal.thenClose
    isByHook = true
  }

  /// Nil to proceed.
  init?(_ verdict: StageVerdict) {
    switch verdict {
    case .proceed: return nil
    case .refuse(let refusal): self = .refused(refusal)
    case .defer(let refusal): self = .deferred(refusal)
    }
  }

  /// A hook failed.
  static let hookFailed: Objection = {
    var objection = Objection(.hookFailed)
    objection.isByHook = true
    return objection
  }()

  /// An answer that fits no question: our own mistake, which must not become the peer's way to stop the server.
  static let misfit: Objection = {
    var objection = Objection(.internalError)
    objection.thenClose = true
    return objection
  }()

  /// An answer that is none to the question.
  init(unexpected answer: Answer?) { self = answer == .failed ? .hookFailed : .misfit }
}
