public import MTACore
public import NIOCore

/// A mail as a filter sees it: the envelope, and the text of the local copies as a stream, without Delivered-To.
public struct FilteredMail: Sendable {
  /// The mail's envelope, with all recipients, local or not.
  public let envelope: Envelope
  /// The recipients of this delivery.
  public let recipients: [Mailbox]
  private let text: MailText

  init(_ mail: OutgoingMail, to recipients: [Mailbox]) {
    envelope = mail.envelope
    self.recipients = recipients
    // Nobody's copy: it has a Return-Path, which filters read, and no Delivered-To, so that one recipient is judged as several are.
    text = mail.text(for: [], final: true)
  }

  /// For tests of filters.
  public init(_ envelope: Envelope, to recipients: [Mailbox], _ content: StoredContent) {
    self.init(OutgoingMail(envelope, unsigned: content), to: recipients)
  }

  /// Octets with CR LF line ends.
  public var size: Int { text.size }

  /// Reads the text once, in order, in pieces of at most 64 KiB: Return-Path, then fields of this system, then the content as it was
  /// received.
  ///
  /// - Throws: `StoreFailure` when the content cannot be read, and the errors of `body`.
  public func forEachPiece(_ body: (ByteBuffer) async throws -> Void) async throws {
    try await text.forEachPiece(body)
  }
}
