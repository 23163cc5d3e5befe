import MTACore
import NIOCore

/// The text of one copy as it leaves: the fields that we put before it, and the content as it was received.
struct MailText: Sendable {
  /// Return-Path and Delivered-To where this is the final delivery, then a filter's fields, the signature, and the trace.
  let fields: ByteBuffer
  let content: StoredContent
  /// Parts of the content that are left out, in order.
  var omitted: [Range<Int>] = []

  /// Octets with CR LF line ends.
  var size: Int { fields.readableBytes + content.size - omitted.reduce(0) { $0 + $1.count } }

  func forEachPiece(_ body: (ByteBuffer) async throws -> Void) async throws {
    if fields.readableBytes > 0 { try await body(fields) }
    guard !omitted.isEmpty else { return try await content.forEachPiece(body) }
    var offset = 0
    try await content.forEachPiece { piece in
      let end = offset + piece.readableBytes
      var start = offset
      for range in omitted where range.upperBound > start && range.lowerBound < end {
        try await slice(piece, from: start - offset, to: range.lowerBound - offset, body)
        start = min(end, range.upperBound)
      }
      try await slice(piece, from: start - offset, to: end - offset, body)
      offset = end
    }
  }

  private func slice(_ piece: ByteBuffer, from: Int, to: Int, _ body: (ByteBuffer) async throws -> Void) async throws {
    guard to > from, let part = piece.getSlice(at: piece.readerIndex + from, length: to - from) else { return }
    try await body(part)
  }
}

/// A mail that is being delivered, perhaps to several destinations at once.
struct OutgoingMail: Sendable {
  private(set) var envelope: Envelope
  let content: StoredContent
  /// Parts of the content that no copy has.
  var omitted: [Range<Int>] = []
  /// What a content filter says of the mail, whole lines.
  var filterFields = ByteBuffer()
  /// DKIM-Signature, whole lines; nil when the mail is not ours to sign.
  let signature: ByteBuffer?
  /// Whether the header holds other than ASCII.
  let hasInternationalHeader: Bool
  /// The mailbox of ours that forwards to the recipients.
  private(set) var forwardedFor: Mailbox?

  init(
    envelope: Envelope, content: StoredContent, omitted: [Range<Int>] = [], signature: ByteBuffer?,
    hasInternationalHeader: Bool
  ) {
    self.envelope = envelope
    self.content = content
    self.omitted = omitted
    self.signature = signature
    self.hasInternationalHeader = hasInternationalHeader
  }

  /// The same for copies with a sender, or a forwarder, of their own.
  func marked(_ marks: CopyMarks) -> OutgoingMail {
    var mail = self
    mail.envelope.reversePath = marks.reversePath ?? envelope.reversePath
    mail.forwardedFor = marks.forwardedFor
    return mail
  }

  /// The text for these recipients.
  ///
  /// - Parameter final: whether the copy leaves SMTP here: it gets a Return-Path (RFC 5321 §4.4) and, where it has one
  ///   recipient alone, a Delivered-To (R14); so no recipient learns of another. A forwarded copy has a Delivered-To of the
  ///   mailbox that forwards it, wherever it goes: if it comes back there, it has gone in a circle.
  func text(for recipients: [Mailbox], final: Bool) -> MailText {
    var fields = ByteBuffer()
    if final {
      if envelope.reversePath.mailbox.map(ClientCommand.isEncodable) ?? true {
        fields.writeString("Return-Path: \(envelope.reversePath)\r\n")
      }
      if recipients.count == 1, ClientCommand.isEncodable(recipients[0]) {
        fields.writeString("Delivered-To: \(recipients[0])\r\n")
      }
    }
    if let forwardedFor, ClientCommand.isEncodable(forwardedFor) {
      fields.writeString("Delivered-To: \(forwardedFor)\r\n")
    }
    fields.writeImmutableBuffer(filterFields)
    if let signature { fields.writeImmutableBuffer(signature) }
    fields.writeImmutableBuffer(content.trace)
    return MailText(fields: fields, content: content, omitted: omitted)
  }
}

/// In what copies of one mail for one destination may differ, so that they cannot share a transaction.
struct CopyMarks: Hashable, Sendable {
  /// The copy's own MAIL FROM.
  let reversePath: ReversePath?
  let forwardedFor: Mailbox?

  init(_ recipient: EnvelopeRecipient) {
    reversePath = recipient.reversePath
    forwardedFor = recipient.forwardedFor
  }
}
