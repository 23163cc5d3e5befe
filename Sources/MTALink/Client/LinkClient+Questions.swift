package import MTACore

/// What only the queue process knows: passwords, and the secret of rewritten senders.
extension LinkClient {
  package enum Login: Sendable {
    /// They are right, until `end` is called: then the queue process takes no more mail with this login.
    case right(ClientRecord, end: @Sendable () -> Void)
    case wrong
    /// That cannot be found out now.
    case failed
  }

  /// - Parameter attempt: the number of the try, which the desk admitted.
  package func authenticate(_ credentials: Credentials, attempt: UInt64) async -> Login {
    guard let given = LinkCredentials(credentials) else { return .failed }
    guard case .login(let answer)? = await question(.authenticate(attempt: attempt, given), patience: .zero) else {
      return .failed
    }
    switch answer {
    case .right(let client, let token): return .right(client) { [weak self] in self?.tell(.endSession(token)) }
    case .wrong: return .wrong
    case .failed: return .failed
    }
  }

  /// - Throws: ``StoreFailure`` while the queue process is away.
  package func restore(_ recipient: Mailbox) async throws(StoreFailure) -> Restoration {
    guard case .restored(let restoration)? = await question(.restore(recipient), patience: configuration.deskPatience)
    else { throw .failed("the queue process is away") }
    return restoration
  }

  /// - Throws: ``StoreFailure`` while the queue process is away.
  package func rewrite(_ sender: Mailbox) async throws(StoreFailure) -> Mailbox? {
    guard case .rewritten(let rewritten)? = await question(.rewrite(sender), patience: configuration.deskPatience)
    else { throw .failed("the queue process is away") }
    return rewritten
  }
}
