import NIOCore

/// The header fields that this server puts before an accepted mail (R14): fields of hooks, Authentication-Results, Received, on
/// submission missing fields, and an empty line before content that does not begin with a field.
struct ReceptionTrace {
  private let conversation: Conversation
  private let serverName: String
  private let id: MailID
  private let instant: Timestamp

  init(_ conversation: Conversation, serverName: String, id: MailID, at instant: Timestamp) {
    self.conversation = conversation
    self.serverName = serverName
    self.id = id
    self.instant = instant
  }

  /// - Parameter completing: whether to add a missing or empty Date and Message-ID (RFC 6409 §8).
  func write(into buffer: inout ByteBuffer, completing: Bool) {
    for edit in conversation.headerEdits { buffer.writeString(edit.line) }
    writeAuthenticationResults(into: &buffer)
    writeReceived(into: &buffer)
    if completing {
      if lacks("Date") { buffer.writeString("Date: \(instant.internetMessageDate)\r\n") }
      if lacks("Message-ID") { buffer.writeString("Message-ID: <\(id)@\(serverName)>\r\n") }
    }
    guard let header = conversation.header else { return }
    if let line = header.mailboxLine { buffer.writeString("X-Mailbox-Line: \(Self.harmless(line))\r\n") }
    // Without a header section all content is body (RFC 5322 §2.1): its first line must not become one of ours.
    if header.isAbsent { buffer.writeStaticString("\r\n") }
  }

  /// One printable line that fits a field (RFC 5322 §2.1.1).
  private static func harmless(_ line: ArraySlice<UInt8>) -> String {
    let text = line.prefix(900).prefix { $0 != UInt8(ascii: "\r") }
    return String(decoding: text.map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }

  /// Neither the client nor a hook gave the field a value.
  private func lacks(_ name: StaticString) -> Bool {
    guard let header = conversation.header else { return false }
    return !header.fields.contains { $0.nameBytes.spells(caseless: name) && !$0.isEmpty }
      && !conversation.headerEdits.contains { $0.isNamed(name) }
  }

  /// RFC 5321 §4.4. Every part comes from parsed values. A client's name for itself that is not a name stands in a comment, with only
  /// letters, digits and a few marks, so readers take it for nothing else.
  private func writeReceived(into buffer: inout ByteBuffer) {
    if let user = conversation.connection.localUser {
      buffer.writeString("Received: by \(serverName) (from uid \(user.number)) id \(id)")
      return writeRecipientAndTime(into: &buffer)
    }
    let address = conversation.connection.remoteAddress
    switch conversation.clientName {
    case .other(let text)?:
      buffer.writeString("Received: from [\(address.literal)] (helo=\(Self.harmless(text)))\r\n")
    case let name:
      buffer.writeString("Received: from \(name?.description ?? "unknown") ([\(address.literal)])\r\n")
    }
    buffer.writeString("\tby \(serverName) with \(transmission) id \(id)")
    if let encryption = conversation.encryption {
      // RFC 8314 §4.3: the additional clause "tls" with the cipher suite's name.
      buffer.writeString("\r\n\ttls \(encryption.cipher)")
    }
    writeRecipientAndTime(into: &buffer)
  }

  private func writeRecipientAndTime(into buffer: inout ByteBuffer) {
    // RFC 5321 §7.2: never tell one recipient of another.
    if conversation.recipients.count == 1, let only = conversation.recipients.first {
      // Nor of where a recipient's mail is forwarded to.
      buffer.writeString("\r\n\tfor <\(only.forwardedFor ?? only.mailbox)>")
    }
    buffer.writeString(";\r\n\t\(instant.internetMessageDate)\r\n")
  }

  private static func harmless(_ text: String) -> String {
    String(
      decoding: text.utf8.prefix(64).map { $0.isAtomText || $0 == UInt8(ascii: ".") ? $0 : UInt8(ascii: "?") },
      as: UTF8.self)
  }

  /// The "with" keyword of RFC 3848, and of RFC 6531 §4.3 for international mail.
  private var transmission: String {
    guard conversation.isExtended else { return "SMTP" }
    return (conversation.parameters.smtpUTF8 ? "UTF8SMTP" : "ESMTP") + (conversation.encryption == nil ? "" : "S")
      + (conversation.isAuthenticated ? "A" : "")
  }

  private func writeAuthenticationResults(into buffer: inout ByteBuffer) {
    var results = conversation.authenticationResults
    // No local user has proved anything by SMTP.
    if let login = conversation.login, conversation.connection.localUser == nil {
      let property = AuthenticationResult.Property("smtp", "auth", login.name)
      results.insert(AuthenticationResult(method: "auth", result: "pass", properties: [property]), at: 0)
    }
    guard !results.isEmpty else { return }
    buffer.writeString(
      AuthenticationResultsField(authority: serverName, results: results).render(
        international: conversation.parameters.smtpUTF8))
  }
}
