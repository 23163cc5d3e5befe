package import MTACore
package import NIOCore

/// A mail that a user of this machine hands in: envelope and content, as `send` made them of its arguments and its input.
package struct SubmittedMail: Hashable, Sendable {
  package struct Recipient: Hashable, Sendable {
    package var mailbox: Mailbox
    /// NOTIFY of RFC 3461; nil if not asked for.
    package var notify: RecipientNotification.Notify?

    package init(_ mailbox: Mailbox, notify: RecipientNotification.Notify? = nil) {
      (self.mailbox, self.notify) = (mailbox, notify)
    }
  }

  package var sender: ReversePath
  package var recipients: [Recipient]
  package var returns: DeliveryRequests.Return?
  /// Printable ASCII, at most 100 octets.
  package var envelopeID: String?
  /// Header section and body, every line with CR LF.
  package var content: ByteBuffer

  package init(from sender: ReversePath, to recipients: [Recipient], content: ByteBuffer) {
    (self.sender, self.recipients, self.content) = (sender, recipients, content)
  }

  /// Mails to more recipients are nothing that a program hands in by accident. Default of no setting: arguments and header sections have
  /// their own limits below it.
  package static let maximumRecipients = 100_000
}

/// The form of a mail in the drop folder: lines that end with LF, an empty one, and the content.
///
/// ```
/// mta-drop 1
/// from <ann@mail.village.example>
/// to <bob@shop.example>
/// to <carl@shop.example> SUCCESS,FAILURE
/// return HDRS
/// id QQ314159
/// content 1234
///
/// (1234 octets)
/// ```
///
/// `return`, `id` and what follows an address may be missing.
package enum DropFile {
  /// Of the lines before the content. More is no mail of `send`.
  static let maximumHead = 32 << 20
  /// Of a mail, where the settings have no limit: it is read into memory.
  package static let maximumContent = 256 << 20
  static let magic = "mta-drop 1"

  static func head(of mail: SubmittedMail) -> ByteBuffer {
    var head = ByteBuffer(string: "\(magic)\nfrom \(path(mail.sender))\n")
    for recipient in mail.recipients {
      head.writeString("to <\(recipient.mailbox)>")
      if let notify = recipient.notify { head.writeString(" \(notify)") }
      head.writeString("\n")
    }
    if let returns = mail.returns { head.writeString("return \(returns.rawValue)\n") }
    if let id = mail.envelopeID { head.writeString("id \(id)\n") }
    head.writeString("content \(mail.content.readableBytes)\n\n")
    return head
  }

  /// Nil where anything is not as ``head(of:)`` writes it.
  static func mail(in file: ByteBuffer) -> SubmittedMail? {
    var file = file
    guard line(&file) == magic, let from = line(&file), from.hasPrefix("from "),
      let sender = sender(from.dropFirst(5))
    else { return nil }
    var mail = SubmittedMail(from: sender, to: [], content: ByteBuffer())
    while let line = line(&file) {
      let word = line.prefix { $0 != " " }
      let value = line.dropFirst(word.count + 1)
      switch word {
      case "to":
        guard mail.returns == nil, mail.envelopeID == nil, mail.recipients.count < SubmittedMail.maximumRecipients,
          let recipient = recipient(value)
        else { return nil }
        mail.recipients.append(recipient)
      case "return":
        guard mail.returns == nil, let returns = DeliveryRequests.Return(rawValue: String(value)) else { return nil }
        mail.returns = returns
      case "id":
        guard mail.envelopeID == nil, isEnvelopeID(value) else { return nil }
        mail.envelopeID = String(value)
      case "content":
        guard Self.line(&file) == "", !mail.recipients.isEmpty, value == "\(file.readableBytes)" else { return nil }
        mail.content = file
        return mail
      default: return nil
      }
    }
    return nil
  }

  /// RFC 3461 §4.4: printable ASCII.
  package static func isEnvelopeID(_ text: some StringProtocol) -> Bool {
    (1...100).contains(text.utf8.count) && text.utf8.allSatisfy { (33...126).contains($0) }
  }

  static func path(_ sender: ReversePath) -> String { sender.mailbox.map { "<\($0)>" } ?? "<>" }

  private static func sender(_ text: Substring) -> ReversePath? {
    if text == "<>" { return .null }
    return mailbox(text).map { .mailbox($0) }
  }

  private static func mailbox(_ text: Substring) -> Mailbox? {
    guard text.utf8.first == UInt8(ascii: "<"), text.utf8.last == UInt8(ascii: ">") else { return nil }
    return Mailbox(text.dropFirst().dropLast())
  }

  private static func recipient(_ text: Substring) -> SubmittedMail.Recipient? {
    // Quoted local parts have blanks: what is asked for stands behind the last.
    if let mailbox = mailbox(text) { return SubmittedMail.Recipient(mailbox) }
    guard let blank = text.lastIndex(of: " "), let mailbox = mailbox(text[..<blank]),
      let notify = RecipientNotification.Notify(String(text[text.index(after: blank)...]))
    else { return nil }
    return SubmittedMail.Recipient(mailbox, notify: notify)
  }

  /// The next line without its LF; nil if there is none, it is longer than an address can be, or it is no text.
  private static func line(_ file: inout ByteBuffer) -> String? {
    let view = file.readableBytesView.prefix(4096)
    guard let end = view.firstIndex(of: 10), let text = String(validating: view[..<end], as: UTF8.self) else {
      return nil
    }
    file.moveReaderIndex(to: end + 1)
    return text
  }
}
