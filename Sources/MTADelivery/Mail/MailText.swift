import MTACore
import NIOCore

/// The text of one copy as it leaves: the fields that we put in front, and the content.
struct MailText: Sendable {
  /// On final delivery Return-Path and Delivered-To; then a filter's fields, the signature, and the trace.
  let fields: ByteBuffer
  let content: StoredContent

  /// Octets with CR LF line ends.
  var size: Int { fields.readableBytes + content.size }

  func forEachPiece(_ body: (ByteBuffer) async throws -> Void) async throws {
    if fields.readableBytes > 0 { try await body(fields) }
    try await content.forEachPiece(body)
  }
}

/// A mail under delivery, perhaps to several destinations at once.
struct OutgoingMail: Sendable {
  private(set) var envelope: Envelope
  /// The form in which it was received, without Authentication-Results that a stranger forged in our name.
  private(set) var form: WireForm
  private(set) var conversion: MailConversion
  /// A content filter's fields for the mail, whole lines.
  var filterFields = ByteBuffer()
  /// The mailbox of ours that forwards to the recipients.
  private(set) var forwardedFor: Mailbox?
  /// Recipients whose copy an earlier attempt may have delivered, though it was not recorded (``Parcel/wasLeased``).
  private(set) var leasedBefore: Set<Mailbox> = []

  init(envelope: Envelope, form: WireForm, conversion: MailConversion) {
    self.envelope = envelope
    self.form = form
    self.conversion = conversion
  }

  /// Whether only SMTPUTF8 can carry the header: it was asked for, and is needed (RFC 6531 §3.4).
  var hasInternationalHeader: Bool { envelope.smtpUTF8 && form.facts.hasEightBitHeader }

  /// Whether the content is not text of lines, so that its CR LFs must not be changed.
  var isBinary: Bool { envelope.body == .binaryMIME || form.facts.hasNUL || form.facts.hasBareLineEnd }

  /// The same mail without these parts of its content.
  func leavingOut(_ ranges: [Range<Int>]) -> OutgoingMail {
    guard !ranges.isEmpty else { return self }
    var mail = self
    mail.form = WireForm(form.content.leavingOut(ranges), form.facts, signature: form.signature)
    mail.conversion = conversion.leavingOut(ranges)
    return mail
  }

  /// The same mail for the copies of a job.
  func marked(for job: DeliveryJob) -> OutgoingMail {
    var mail = self
    mail.envelope.reversePath = job.marks.reversePath ?? envelope.reversePath
    mail.forwardedFor = job.marks.forwardedFor
    for parcel in job.parcels where parcel.wasLeased { mail.leasedBefore.insert(parcel.recipient.mailbox) }
    return mail
  }

  /// The text for these recipients.
  ///
  /// - Parameters:
  ///   - final: whether the copy leaves SMTP here. Then it gets a Return-Path (RFC 5321 §4.4). It gets a Delivered-To if it has one
  ///     recipient alone (R14), so no recipient learns of another. A forwarded copy always has a Delivered-To of the mailbox that
  ///     forwards it: if it comes back there, it went in a circle.
  ///   - form: a form other than the mail's own.
  ///   - international: whether the field of a forwarder may have text that is not ASCII; otherwise it is left out.
  func text(for recipients: [Mailbox], final: Bool, form: WireForm? = nil, international: Bool = true) -> MailText {
    let form = form ?? self.form
    var fields = ByteBuffer()
    if final {
      if envelope.reversePath.mailbox.map(ClientCommand.isEncodable) ?? true {
        let sender = envelope.reversePath.mailbox.map { ReversePath.mailbox(international ? $0 : $0.plain) }
        fields.writeString("Return-Path: \(sender ?? .null)\r\n")
      }
      if recipients.count == 1, ClientCommand.isEncodable(recipients[0]) {
        fields.writeString("Delivered-To: \(international ? recipients[0] : recipients[0].plain)\r\n")
      }
    }
    if let forwardedFor, ClientCommand.isEncodable(forwardedFor), international || !forwardedFor.isInternational {
      fields.writeString("Delivered-To: \(forwardedFor)\r\n")
    }
    fields.writeImmutableBuffer(filterFields)
    if let signature = form.signature { fields.writeImmutableBuffer(signature) }
    fields.writeImmutableBuffer(form.content.trace)
    return MailText(fields: fields, content: form.content)
  }
}

/// Facts in which copies of one mail for one destination may differ. Copies that differ cannot share a transaction.
struct CopyMarks: Hashable, Sendable {
  /// The copy's own MAIL FROM.
  let reversePath: ReversePath?
  let forwardedFor: Mailbox?

  init(_ recipient: EnvelopeRecipient) {
    reversePath = recipient.reversePath
    forwardedFor = recipient.forwardedFor
  }
}
