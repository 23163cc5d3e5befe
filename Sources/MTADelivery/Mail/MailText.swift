import MTACore
import NIOCore

/// The text of one copy as it leaves: the fields that we put before it, and the content.
struct MailText: Sendable {
  /// Return-Path and Delivered-To where this is the final delivery, then a filter's fields, the signature, and the trace.
  let fields: ByteBuffer
  let content: StoredContent

  /// Octets with CR LF line ends.
  var size: Int { fields.readableBytes + content.size }

  func forEachPiece(_ body: (ByteBuffer) async throws -> Void) async throws {
    if fields.readableBytes > 0 { try await body(fields) }
    try await content.forEachPiece(body)
  }
}

/// A mail that is being delivered, perhaps to several destinations at once.
struct OutgoingMail: Sendable {
  let envelope: Envelope
  /// As it was received, but for Authentication-Results that somebody forged under our name.
  private(set) var form: WireForm
  private(set) var conversion: MailConversion
  /// What a content filter says of the mail, whole lines.
  var filterFields = ByteBuffer()

  /// Whether only SMTPUTF8 can carry the header: it was asked for, and is needed (RFC 6531 §3.4).
  var hasInternationalHeader: Bool { envelope.smtpUTF8 && form.facts.hasEightBitHeader }

  /// Whether the content is no text of lines, so that its CR LFs are not line ends to be changed.
  var isBinary: Bool { envelope.body == .binaryMIME || form.facts.hasNUL || form.facts.hasBareLineEnd }

  /// The same without these parts of its content.
  func leavingOut(_ ranges: [Range<Int>]) -> OutgoingMail {
    guard !ranges.isEmpty else { return self }
    var mail = self
    mail.form = WireForm(form.content.leavingOut(ranges), form.facts, signature: form.signature)
    mail.conversion = conversion.leavingOut(ranges)
    return mail
  }

  /// The text for these recipients.
  ///
  /// - Parameters:
  ///   - final: whether the copy leaves SMTP here: it gets a Return-Path (RFC 5321 §4.4) and, where it has one recipient alone, a
  ///     Delivered-To (R14); so no recipient learns of another.
  ///   - form: another than the mail's own.
  func text(for recipients: [Mailbox], final: Bool, form: WireForm? = nil) -> MailText {
    let form = form ?? self.form
    var fields = ByteBuffer()
    if final {
      if envelope.reversePath.mailbox.map(ClientCommand.isEncodable) ?? true {
        fields.writeString("Return-Path: \(envelope.reversePath)\r\n")
      }
      if recipients.count == 1, ClientCommand.isEncodable(recipients[0]) {
        fields.writeString("Delivered-To: \(recipients[0])\r\n")
      }
    }
    fields.writeImmutableBuffer(filterFields)
    if let signature = form.signature { fields.writeImmutableBuffer(signature) }
    fields.writeImmutableBuffer(form.content.trace)
    return MailText(fields: fields, content: form.content)
  }
}
