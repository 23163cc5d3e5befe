package import NIOCore

/// A mail that this system writes to one of its users, for example about a disk that is almost full (Q7). Its sender is the null
/// sender, so its failure causes no report. It is marked as automatic, so programs do not answer it (RFC 3834).
///
/// `MailServer.alert(to:subject:text:)` of MTAServer does all of it.
package struct AlertMail: Hashable, Sendable {
  package var recipient: Mailbox
  /// The From field: the mailbox that answers questions. The sender in SMTP is the null sender.
  package var author: Mailbox
  /// Any text. Control characters become blanks, and text that is not ASCII is encoded (RFC 2047). At most 500 characters are kept.
  package var subject: String
  /// Any text, with line ends of any kind. Control characters other than tabs are shown as `?`.
  package var text: String
  /// The domain of the mail's Message-ID.
  package var serverName: String

  package init(to recipient: Mailbox, from author: Mailbox, subject: String, text: String, serverName: String) {
    self.recipient = recipient
    self.author = author
    self.subject = subject
    self.text = text
    self.serverName = serverName
  }

  /// The mail in its final form (RFC 5322), with CR LF line ends.
  package func content(id: MailID, at now: Timestamp) -> ByteBuffer {
    var mail = ByteBuffer()
    mail.writeString("From: \(author)\r\nTo: \(recipient)\r\n")
    var line = FoldedLine("Subject:")
    line.append(headerSubject)
    mail.writeString(line.text + "\r\nDate: \(now.internetMessageDate)\r\nMessage-ID: <\(id)@\(serverName)>\r\n")
    // RFC 3834 §5.
    mail.writeString("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n")
    let body = Self.lines(of: text)
    // RFC 5321 §4.5.3.1.6: 1000 octets a line, CR LF included.
    if body.utf8.allSatisfy({ $0 < 128 }), body.utf8.split(separator: 10).allSatisfy({ $0.count <= 999 }) {
      mail.writeString("Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + body)
      return mail
    }
    mail.writeString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
    var rest = Base64.encode(Array(body.utf8))[...]
    while !rest.isEmpty {
      // RFC 2045 §6.8: lines of 76 digits.
      mail.writeBytes(rest.prefix(76))
      mail.writeStaticString("\r\n")
      rest = rest.dropFirst(76)
    }
    return mail
  }

  private var headerSubject: String {
    var plain = String.UnicodeScalarView()
    for scalar in subject.unicodeScalars.prefix(500) { plain.append(Self.isControl(scalar) ? " " : scalar) }
    let text = String(plain)
    // What looks like an encoded word would be read as one; a long word could not be folded.
    let isPlain =
      plain.allSatisfy(\.isASCII) && !zip(text.utf8, text.utf8.dropFirst()).contains { $0 == 61 && $1 == 63 }
      && text.utf8.split(separator: 32).allSatisfy { $0.count <= 900 }
    return isPlain ? text : EncodedWords.encode(text)
  }

  /// C0, DEL, C1, and the line ends of Unicode.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 32 || (127...159).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
  }

  private static func lines(of text: String) -> String {
    var lines = String.UnicodeScalarView()
    var previous: Unicode.Scalar = "\n"
    for scalar in text.unicodeScalars {
      defer { previous = scalar }
      switch scalar {
      case "\n" where previous == "\r": continue
      case "\n", "\r", "\u{2028}", "\u{2029}", "\u{85}": lines.append(contentsOf: "\r\n".unicodeScalars)
      case "\t": lines.append(scalar)
      default: lines.append(isControl(scalar) ? "?" : scalar)
      }
    }
    if previous != "\n", previous != "\r" { lines.append(contentsOf: "\r\n".unicodeScalars) }
    return String(lines)
  }
}

extension MessageStore {
  /// Puts an alert in the queue, durably.
  ///
  /// - Parameters:
  ///   - recipients: see ``SessionConfiguration/recipients(of:lookingUp:)``. At least one.
  ///   - id: a new one.
  /// - Throws: ``StoreFailure``. Then nothing is kept.
  @discardableResult
  package func add(_ alert: AlertMail, for recipients: [EnvelopeRecipient], id: MailID, at now: Timestamp)
    async throws(StoreFailure) -> StoreReceipt
  {
    let spool = try await begin(id)
    do throws(StoreFailure) {
      try await spool.append(alert.content(id: id, at: now))
      let envelope = Envelope(
        id: id, reversePath: .null, recipients: recipients,
        smtpUTF8: alert.recipient.isInternational || alert.author.isInternational, receivedAt: now)
      return try await spool.commit(envelope, trace: ByteBuffer())
    } catch {
      await spool.abandon()
      throw error
    }
  }
}

extension SessionConfiguration {
  /// Where mail for a mailbox of ours goes, as at RCPT: looked up, its forwards followed, postmaster known. For mail that this system
  /// writes itself. Empty if it is not a mailbox of ours, or if its forwards lead nowhere or too far.
  package func recipients(
    of mailbox: Mailbox, lookingUp lookUp: (Mailbox) async throws -> ClientRecord?
  ) async throws -> [EnvelopeRecipient] {
    var named = mailbox
    var client = try await lookUp(named)
    if client == nil, case .alias(let postmaster) = postmasterStanding(of: named) {
      named = postmaster
      client = try await lookUp(named)
    }
    if client == nil, case .postmaster(let record) = postmasterStanding(of: named) { client = record }
    guard let client else { return [] }
    guard !client.forwards.isEmpty else { return [EnvelopeRecipient(named, client: client)] }
    var walk = ForwardingWalk(from: named, client, to: client.forwards, keepingCopy: client.keepsCopy)
    while let next = walk.next {
      if walk.leadsTooFar { return [] }
      let found = try await lookUp(next)
      switch found == nil ? postmasterStanding(of: next) : .none {
      case .postmaster(let record): walk.take(record)
      case .alias(let postmaster): walk.turn(to: postmaster)
      case .none:
        if found == nil, localDomains.contains(next.domain) { walk.drop(.noSuchUser) } else { walk.take(found) }
      }
    }
    return walk.leadsTooFar ? [] : walk.arrivals.map(\.recipient)
  }
}
