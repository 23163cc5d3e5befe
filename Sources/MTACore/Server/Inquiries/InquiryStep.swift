/// The next step of an inquiry.
///
/// An inquiry is a value that asks what one command asks before it is answered, one question at a time. Its method `step` takes the answer
/// to the last question, or nil to begin, and returns what the session does next. ``LoginInquiry``, to which the client speaks as well, has
/// steps of its own.
enum InquiryStep<Finding: Hashable & Sendable>: Hashable, Sendable {
  /// The session asks this, and gives the answer to the inquiry.
  case ask(Question)
  /// The inquiry ends, and the session refuses the command.
  case refuse(Objection)
  /// The inquiry ends, and the session goes on with what was found.
  case done(Finding)

  /// The step on an answer that the inquiry does not expect.
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
