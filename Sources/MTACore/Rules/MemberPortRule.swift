/// Which senders may use which port (R7): strangers the standard port, members the submission port, authenticated and
/// encrypted. Keeps strangers from sending in a member's name.
public struct MemberPortRule: SenderRule, Hashable {
  public var standardPort: UInt16
  public var submissionPort: UInt16

  public init(standardPort: UInt16 = 2525, submissionPort: UInt16 = 2587) {
    self.standardPort = standardPort
    self.submissionPort = submissionPort
  }

  public func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    let isMember = conversation.senderClient?.isMember ?? false
    // A report has no sender, so it is neither a member's nor a stranger's.
    let isStranger = sender != .null && !isMember
    let port = conversation.connection.localPort
    switch conversation.connection.role {
    case .standard:
      return isMember ? Reply(550, .policy, "members must use port \(submissionPort)") : nil
    case .internalSubmit:
      return isStranger ? Reply(550, .policy, "Non members must use port \(standardPort)") : nil
    case .submission:
      if isStranger { return Reply(550, .policy, "Non members must use port \(standardPort)") }
      // RFC 6409 §4.3.
      if !conversation.isAuthenticated { return Reply(530, .security, "Traffic on port \(port) must be authenticated") }
      if conversation.encryption == nil { return Reply(530, .security, "Traffic on port \(port) must be encrypted") }
      return nil
    }
  }
}
