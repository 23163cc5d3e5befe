public import MTACore
public import NIOCore

/// Delivers local mail by your own code: into a database, a mailing list, a ticket system.
///
/// ```swift
/// struct TicketDesk: DeliveryAgent {
///   let tickets: TicketStore
///
///   func deliver(_ mail: AgentMail, to recipients: [EnvelopeRecipient]) async -> [AgentResult] {
///     do {
///       var text = ByteBuffer()
///       try await mail.forEachPiece { text.writeImmutableBuffer($0) }
///       let number = try await tickets.open(from: mail.envelope.reversePath, text)
///       return recipients.map { _ in .delivered("ticket \(number)") }
///     } catch {
///       return recipients.map { _ in .deferred("the ticket system does not answer") }
///     }
///   }
/// }
///
/// configuration.localAgent = TicketDesk(tickets: tickets)
/// ```
///
/// If the process ends before the outcome is recorded, a delivered mail is delivered again. If your code must not take a mail twice, it
/// remembers ``Envelope/id``.
public protocol DeliveryAgent: Sendable {
  /// Takes one mail for some of its recipients, and returns a result for each, in their order.
  ///
  /// Several calls may run at a time, also for one mail. Answer in limited time: other local mail waits. When the runner ends, the task
  /// is cancelled after the grace period.
  func deliver(_ mail: AgentMail, to recipients: [EnvelopeRecipient]) async -> [AgentResult]
}

/// A ``DeliveryAgent`` that is one closure.
///
/// ```swift
/// configuration.localAgent = ClosureAgent { mail, recipients in
///   print(mail.envelope.id, mail.size)
///   return recipients.map { _ in .delivered("seen") }
/// }
/// ```
public struct ClosureAgent: DeliveryAgent {
  private let body: @Sendable (AgentMail, [EnvelopeRecipient]) async -> [AgentResult]

  public init(_ body: @escaping @Sendable (AgentMail, [EnvelopeRecipient]) async -> [AgentResult]) { self.body = body }

  public func deliver(_ mail: AgentMail, to recipients: [EnvelopeRecipient]) async -> [AgentResult] {
    await body(mail, recipients)
  }
}

/// A mail as an agent gets it.
public struct AgentMail: Sendable {
  public let envelope: Envelope
  /// Octets of the whole text, line ends as CR LF.
  public var size: Int { text.size }
  private let text: MailText

  init(_ envelope: Envelope, _ text: MailText) {
    self.envelope = envelope
    self.text = text
  }

  /// The text in pieces of about 64 KiB, in order, with CR LF line ends: Return-Path, Delivered-To if there is one recipient, the trace
  /// fields, and the mail as it was received. It may be read more than once.
  /// - Throws: the errors of `body`, and `StoreFailure` when the text cannot be read. Then answer ``AgentResult/deferred(_:)``.
  public func forEachPiece(_ body: (ByteBuffer) async throws -> Void) async throws { try await text.forEachPiece(body) }

  /// The whole text.
  /// - Throws: ``TooLarge`` when it has more octets than `limit`, and `StoreFailure`.
  public func bytes(upTo limit: Int) async throws -> ByteBuffer {
    guard size <= limit else { throw TooLarge(size: size) }
    var bytes = ByteBuffer()
    try await forEachPiece { bytes.writeImmutableBuffer($0) }
    return bytes
  }

  public struct TooLarge: Error, Hashable, Sendable { public let size: Int }
}

/// An agent's result for one recipient. The words are kept with the outcome, and the sender may get them. Characters that are not
/// printable ASCII become question marks.
public struct AgentResult: Hashable, Sendable {
  let outcome: DeliveryOutcome
  let words: String
  let status: EnhancedStatus

  public static func delivered(_ words: String = "delivered") -> Self { Self(.delivered, words, .other) }

  /// Tried again later.
  public static func deferred(_ words: String, status: EnhancedStatus = .mailbox) -> Self {
    Self(.deferred, words, status)
  }

  /// Never tried again: the sender gets a report.
  public static func failed(_ words: String, status: EnhancedStatus = .mailbox) -> Self { Self(.failed, words, status) }

  private init(_ outcome: DeliveryOutcome, _ words: String, _ status: EnhancedStatus) {
    self.outcome = outcome
    self.words = words
    self.status = status
  }
}
