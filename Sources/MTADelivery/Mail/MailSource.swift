import MTACore
import MTASystem
import NIOCore

/// Loads a mail once, when its first delivery needs it. Its destinations share content and signature (R15).
final class MailSource: Sendable {
  let envelope: Envelope
  private let queue: any ParcelQueue
  private let signer: (any MailSigner)?
  private let clock: any WallClock
  private let serverName: String
  /// Whether several destinations may need it.
  private let isShared: Bool
  let bench: MailBench
  private let loading = SharedValue<OutgoingMail>()

  init(
    _ envelope: Envelope, queue: any ParcelQueue, signer: (any MailSigner)?, clock: any WallClock, serverName: String,
    isShared: Bool = true, processorTime: Duration = QueueRunner.Configuration.standardProcessorTime
  ) {
    self.envelope = envelope
    self.queue = queue
    self.signer = signer
    self.clock = clock
    self.serverName = serverName
    self.isShared = isShared
    bench = MailBench(mail: envelope.id, bound: processorTime, queue: queue, clock: clock)
  }

  /// - Throws: when the store does not return the content, the signer fails, or either takes too long; the mail is then deferred.
  ///   `CancellationError` at once when the caller is cancelled.
  ///
  /// - Parameter executor: runs the work of the first caller; nil for the global one.
  func load(on executor: (any TaskExecutor)? = nil) async throws -> OutgoingMail {
    if !isShared { return try await read() }
    return try await loading.value(on: executor) { try await self.read() }
  }

  private func read() async throws -> OutgoingMail {
    let content = try await queue.content(of: envelope.id)
    let signing = SigningDesk(envelope, signer: signer, clock: clock, bench: bench)
    let bytes = content.size + content.trace.readableBytes
    if bytes <= MailBench.shortBytes, !signing.signs { return try await lookThrough(content, signing) }
    return try await bench.run(over: bytes) { try await self.lookThrough(content, signing) }
  }

  private func lookThrough(_ stored: StoredContent, _ signing: SigningDesk) async throws -> OutgoingMail {
    var content = stored
    if envelope.hasForgedResults || envelope.hasMailboxLine || envelope.hasPrivateFields {
      content = content.leavingOut(
        try await HeaderScan.notPassedOn(
          of: content, envelope.id, serverName, isSubmission: envelope.hasPrivateFields))
    }
    let facts = try await content.facts(of: envelope.id)
    let form = WireForm(content, facts, signature: try await signing.signature(for: content))
    return OutgoingMail(envelope: envelope, form: form, conversion: MailConversion(of: content, signing))
  }
}

/// One form in which a mail goes over the wire: content, what that contains, and the signature over it.
struct WireForm: Sendable {
  let content: StoredContent
  let facts: ContentFacts
  /// DKIM-Signature, whole lines; nil if the mail is not ours to sign.
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
  /// Nil where work that takes too long is not counted.
  let bench: MailBench?

  init(_ envelope: Envelope, signer: (any MailSigner)?, clock: any WallClock, bench: MailBench? = nil) {
    self.envelope = envelope
    self.signer = signer
    self.clock = clock
    self.bench = bench
  }

  var signs: Bool { envelope.isSubmission && signer != nil }

  /// Takes a millisecond at least: call it on the bench.
  func signature(for content: StoredContent) async throws -> ByteBuffer? {
    guard envelope.isSubmission, let signer else { return nil }
    return try await signer.signature(for: envelope, content, at: clock.now)
  }
}
