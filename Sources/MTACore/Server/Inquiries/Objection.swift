/// Why an inquiry ends with a refusal, and what follows from it.
struct Objection: Hashable, Sendable {
  let reply: Reply
  /// The session ends the connection after the reply.
  var thenClose = false
  /// A reply of 5yz counts against the client's address (R3).
  var isViolation = true
  /// A hook refused, deferred or failed, or an ``Allowance`` behind it did. Otherwise a rule, a limit or the DNS speaks against the command.
  var isByHook = false

  init(_ reply: Reply, thenClose: Bool = false, isViolation: Bool = true, isByHook: Bool = false) {
    self.reply = reply
    self.thenClose = thenClose
    self.isViolation = isViolation
    self.isByHook = isByHook
  }

  static func refused(_ refusal: Refusal) -> Objection {
    Objection(.refused(refusal), thenClose: refusal.thenClose, isByHook: true)
  }

  static func deferred(_ refusal: Refusal) -> Objection {
    Objection(.deferred(refusal), thenClose: refusal.thenClose, isByHook: true)
  }

  /// Nil for a verdict that lets pass.
  init?(_ verdict: StageVerdict) {
    switch verdict {
    case .proceed: return nil
    case .refuse(let refusal): self = .refused(refusal)
    case .defer(let refusal): self = .deferred(refusal)
    }
  }

  static let hookFailed = Objection(.hookFailed, isByHook: true)

  /// The answer does not fit the question: our own mistake. A client must not be able to stop the server with it.
  static let misfit = Objection(.internalError, thenClose: true)

  /// For an answer that an inquiry does not expect.
  init(unexpected answer: Answer?) { self = answer == .failed ? .hookFailed : .misfit }

  /// Nil for an answer that lets pass. What the hook wrote before it belongs to no mail.
  ///
  /// - Parameter hasLogin: the session is logged in. Where the queue process was replaced, the new one knows nothing of that and takes no mail
  ///   of such a session, so the connection ends: the client may log in anew.
  init?(_ allowance: Allowance, of use: SendingUse, hasLogin: Bool) {
    switch allowance {
    case .granted: return nil
    case .limited(let span, let minutes):
      self.init(
        use == .mail ? .mailLimit(span, minutes: minutes) : .recipientLimit(span, minutes: minutes), isByHook: true)
    case .suspended: self.init(.accountSuspended, isByHook: true)
    case .unknown where hasLogin: self.init(.hookFailedAtDoor, thenClose: true, isByHook: true)
    case .unknown: self = .hookFailed
    }
  }
}
