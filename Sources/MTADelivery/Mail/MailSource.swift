import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// Loads a mail when its first delivery needs it, and once: its destinations share content and signature (R15).
final class MailSource: Sendable {
  let envelope: Envelope
  private let queue: any ParcelQueue
  private let signer: (any MailSigner)?
  private let clock: any WallClock
  private let serverName: String
  /// Whether several destinations may want it.
  private let isShared: Bool
  private let loading = NIOLockedValueBox<Task<OutgoingMail, any Error>?>(nil)

  init(
    _ envelope: Envelope, queue: any ParcelQueue, signer: (any MailSigner)?, clock: any WallClock, serverName: String,
    isShared: Bool = true
  ) {
    self.envelope = envelope
    self.queue = queue
    self.signer = signer
    self.clock = clock
    self.serverName = serverName
    self.isShared = isShared
  }

  /// - Throws: when the store does not give the content, or the signer fails; the mail is then to be deferred.
  ///
  /// - Parameter executor: where the first caller wants it done; nil for the global one.
  func load(on executor: (any TaskExecutor)? = nil) async throws -> OutgoingMail {
    if !isShared { return try await read() }
    let task = loading.withLockedValue { loading in
      if let loading { return loading }
      let task = Task(executorPreference: executor) { try await self.read() }
      loading = task
      return task
    }
    return try await task.value
  }

  private func read() async throws -> OutgoingMail {
    var content = try await queue.content(of: envelope.id)
    if envelope.hasForgedResults || envelope.hasMailboxLine {
      content = content.leavingOut(try await HeaderScan.notPassedOn(of: content, serverName))
    }
    let facts = try await content.facts()
    let signing = SigningDesk(envelope, signer: signer, clock: clock)
    let form = WireForm(content, facts, signature: try await signing.signature(for: content))
    return OutgoingMail(envelope: envelope, form: form, conversion: MailConversion(of: content, signing))
  }
}

/// One way in which a mail goes over the wire: content, what that holds, and the signature over it.
struct WireForm: Sendable {
  let content: StoredContent
  let facts: ContentFacts
  /// DKIM-Signature, whole lines; nil when the mail is not ours to sign.
  let signature: ByteBuffer?

  init(_ content: StoredContent, _ facts: ContentFacts, signature: ByteBuffer? = nil) {
    self.content = content
    self.facts = facts
    self.signature = signature
  }
}

/// Signs the forms of one mail.
struct SigningDesk: Sendable {
  private let envelope: Envelope
  private let signer: (any MailSigner)?
  private let clock: any WallClock

  init(_ envelope: Envelope, signer: (any MailSigner)?, clock: any WallClock) {
    self.envelope = envelope
    self.signer = signer
    self.clock = clock
  }

  func signature(for content: StoredContent) async throws -> ByteBuffer? {
    guard envelope.isSubmission, let signer else { return nil }
    let (envelope, now) = (envelope, clock.now)
    // RSA takes a millisecond: not on the event loop where the caller may run.
    return try await Task.detached { try await signer.signature(for: envelope, content, at: now) }.value
  }
}
