/// Which senders may use which port (R7): strangers the standard port, members the submission port, authenticated and encrypted. So a
/// stranger cannot send in a member's name. The rule does not apply to ports that speak LMTP: servers bring mail from any sender there.
public struct MemberPortRule: SenderRule, Hashable {
  public var standardPort: UInt16
  public var submissionPort: UInt16

  public init(standardPort: UInt16 = 2525, submissionPort: UInt16 = 2587) {
    self.standardPort = standardPort
    self.submissionPort = submissionPort
  }

  public func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    if conversation.connection.speaksLMTP { return nil }
    let isMember = conversation.senderClient?.isMember ?? false
    // A report has no sender, so it is neither a member's nor a stranger's.
    let isStranger = sender != .null && !isMember
    let port = conversation.connection.localPort
    switch conversation.connection.role {
    case .standard:
      return isMember ? .membersMustUse(port: submissionPort) : nil
    case .internalSubmit:
      return isStranger ? .nonMembersMustUse(port: standardPort) : nil
    case .submission:
      if isStranger { return .nonMembersMustUse(port: standardPort) }
      // RFC 6409 §4.3.
      if !conversation.isAuthenticated { return .mustBeAuthenticated(port: port) }
      if conversation.encryption == nil { return .mustBeEncrypted(port: port) }
      return nil
    }
  }
}
