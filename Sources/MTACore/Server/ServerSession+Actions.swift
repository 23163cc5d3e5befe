package import NIOCore

/// What goes in and out of a session.
extension ServerSession {
  package enum Event: Hashable, Sendable {
    case connected
    case answer(Answer)
    /// The handshake that `startTLS` asked for is done, or the port is one of implicit TLS.
    case secured(Encryption)
    /// Bytes stood behind STARTTLS before the handshake.
    case plaintextBeforeTLS
    case spoolOpened(MailID, at: Timestamp)
    /// The spool could not begin: nothing of the mail is kept, but it has its id, for the answer and the log.
    case spoolRefused(MailID, StoreFailure)
    case stored(StoreReceipt)
    case storeFailed(StoreFailure)
    /// The client was silent for too long.
    case timedOut
    /// The server is being shut down.
    case shutdown
    /// The client is gone.
    case disconnected
  }

  package indirect enum Action: Hashable, Sendable {
    case none
    case reply(Reply)
    case ask(Question)
    /// Send the reply, then take the handshake; answer `.secured`, or `.plaintextBeforeTLS` without sending anything.
    case startTLS(Reply)
    /// Ask the contacts whether the client's address comes in; answer `.connected`, or turn it away.
    case admit
    /// Begin a spool; answer `.spoolOpened` or `.spoolRefused`.
    case openSpool
    case spool(ByteBuffer)
    /// Commit the spool; answer `.stored` or `.storeFailed`.
    case commit(Envelope, trace: ByteBuffer)
    /// Forget the spool, if one is open, and reply.
    case abandon(Reply)
    /// Reply, if anything, and end the connection.
    case close(Reply?)
  }

  /// What the contact of the client is to be told (R1, R3).
  package enum ContactEvent: Hashable, Sendable {
    case violation
    /// A recipient was accepted: violations are forgiven.
    case acceptance
  }
}
