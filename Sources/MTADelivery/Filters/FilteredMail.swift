public import MTACore
public import NIOCore

/// A mail as a filter sees it: the text that local copies will have (but for Delivered-To), as a stream, and the envelope.
public struct FilteredMail: Sendable {
  /// With all recipients of the mail, local or not.
  public let envelope: Envelope
  /// Those of this delivery.
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

  /// Walks the text once, in order, in pieces of at most 64 KiB: Return-Path first, then what this system added, then the content as
  /// it was received.
  ///
  /// - Throws: `StoreFailure` when the content cannot be read; what `body` throws.
  public func forEachPiece(_ body: (ByteBuffer) async throws -> Void) async throws {
    try await text.forEachPiece(body)
  }
}
