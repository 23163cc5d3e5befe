import MTACore
import NIOCore

/// What the loops work on.
enum Samples {
  static let header = """
    From: Ann Author <ann@client.example>\r
    To: Coco <coco@test.example>\r
    Subject: Minutes of the meeting on Thursday\r
    Date: Thu, 1 Jan 2026 09:00:00 +0100\r
    Message-ID: <20260101090000.1234@client.example>\r
    MIME-Version: 1.0\r
    Content-Type: text/plain; charset=utf-8\r
    Content-Transfer-Encoding: 7bit\r
    User-Agent: Example/1.0\r
    X-Long: a field that is folded because it has so much to say that\r
     one line would never do\r
    \r

    """

  /// Words of four letters, lines of 76 columns: the worst for canonicalization that is still text.
  static func prose(_ bytes: Int) -> [UInt8] {
    lines(String(repeating: "word ", count: 15) + "w", bytes)
  }

  /// The same with tabs instead of blanks: the worst that there is, for each tab becomes a blank.
  static func tabs(_ bytes: Int) -> [UInt8] {
    lines(String(repeating: "word\t", count: 15) + "w", bytes)
  }

  /// Lines of 76 columns without a blank, as attachments are.
  static func base64(_ bytes: Int) -> [UInt8] {
    lines(String(repeating: "TG9yZW0gaXBzdW0gZG9s", count: 4).prefix(76).description, bytes)
  }

  /// A whole message of about so many bytes.
  static func mail(_ bytes: Int) -> [UInt8] {
    let top = Array(header.utf8)
    return top + prose(max(0, bytes - top.count))
  }

  private static func lines(_ line: String, _ bytes: Int) -> [UInt8] {
    let whole = Array((line + "\r\n").utf8)
    var all: [UInt8] = []
    all.reserveCapacity(bytes + whole.count)
    while all.count < bytes { all += whole }
    return all
  }

  static func name(_ text: String) -> DNSName {
    guard let name = DNSName(text) else { preconditionFailure("no name: \(text)") }
    return name
  }

  static func mailbox(_ text: String) -> Mailbox {
    guard let mailbox = Mailbox(text) else { preconditionFailure("no mailbox: \(text)") }
    return mailbox
  }

  static func envelope(_ id: MailID) -> Envelope {
    Envelope(
      id: id, reversePath: .mailbox(mailbox("ann@client.example")),
      recipients: [EnvelopeRecipient(mailbox("coco@far.example"))], clientAddress: .v4(0xC000_0201),
      receivedAt: Timestamp(milliseconds: 1_767_225_600_000))
  }
}

extension [UInt8] {
  /// In pieces of so many bytes, as a socket gives them.
  func pieces(of size: Int) -> [ByteBuffer] {
    stride(from: 0, to: count, by: size).map { ByteBuffer(bytes: self[$0..<Swift.min($0 + size, count)]) }
  }
}
