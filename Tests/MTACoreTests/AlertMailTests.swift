import NIOCore
import Testing

@testable import MTACore

@Suite struct AlertMailTests {
  private static let now = Timestamp(milliseconds: 1_767_225_600_000)

  private func mail(_ subject: String, _ text: String) throws -> String {
    let alert = AlertMail(
      to: Mailbox("ann@village.example"), from: Mailbox("postmaster@village.example"),
      subject: subject, text: text, serverName: "mail.village.example")
    let content = String(buffer: alert.content(id: try #require(MailID("a1")), at: Self.now))
    for line in content.utf8.split(separator: 10, omittingEmptySubsequences: false).dropLast() {
      #expect(line.last == 13 && line.count <= 999 && !line.dropLast().contains(13))
    }
    return content
  }

  private func subject(_ text: String) throws -> String {
    let fields = HeaderSection(Array(try mail(text, "x").utf8))
    #expect(fields.fields.map(\.name) == Self.names)
    return try #require(fields.first(named: "Subject")).value
  }

  private static let names = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
  ]

  @Test func plainTextIsWhatItIs() throws {
    #expect(
      try mail("disk is full?", "one\ntwo\r\nthree\rfour") == """
        From: postmaster@village.example\r
        To: ann@village.example\r
        Subject: disk is full?\r
        Date: Thu, 1 Jan 2026 00:00:00 +0000\r
        Message-ID: <a1@mail.village.example>\r
        Auto-Submitted: auto-generated\r
        MIME-Version: 1.0\r
        Content-Type: text/plain; charset=us-ascii\r
        Content-Transfer-Encoding: 7bit\r
        \r
        one\r
        two\r
        three\r
        four\r

        """)
  }

  /// RFC 2047. Decoded by hand: "Täßt" and so on come back word by word.
  @Test(arguments: [
    "Täßt", "日本語の件名は長いことがあるので、何行にもなります。それでも読めなければなりません。", "=?UTF-8?Q?fake?=", String(repeating: "y", count: 450) + "é",
    "👩‍👩‍👧‍👦" + String(repeating: "👩‍👩‍👧‍👦", count: 20),
  ])
  func otherTextIsEncoded(text: String) throws {
    let value = try subject(text)
    #expect(value.utf8.allSatisfy { (32...126).contains($0) })
    var decoded: [UInt8] = []
    for word in value.split(separator: " ") {
      #expect(word.utf8.count <= 75 && word.hasPrefix("=?UTF-8?B?") && word.hasSuffix("?="))
      let octets = try #require(Base64.decode(word.dropFirst(10).dropLast(2).utf8))
      // Each word holds whole characters.
      #expect(String(validating: octets, as: UTF8.self) != nil)
      decoded += octets
    }
    #expect(String(decoding: decoded, as: UTF8.self) == text)
  }

  @Test(arguments: [
    "a\r\nBcc: x@y.example", "a\nBcc: x@y.example", "a\rBcc: x@y.example", "a\u{2028}Bcc: x", "a\0b\u{7f}c\u{9b}d", "",
    " ",
    String(repeating: "z", count: 5000), String(repeating: "long words ", count: 200),
  ])
  func subjectsBeginNoField(text: String) throws {
    let value = try subject(text)
    #expect(value.utf8.allSatisfy { (32...126).contains($0) } && value.utf8.count <= 1500)
  }

  @Test(arguments: ["ümlaut", "a\u{1b}[31mred", "\u{2028}", String(repeating: "w", count: 2000), "\0", ""])
  func bodiesAreSafe(text: String) throws {
    let content = try mail("s", text)
    let parts = content.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    #expect(content.utf8.allSatisfy { $0 == 13 || $0 == 10 || (32...126).contains($0) })
    guard content.contains("base64"), parts.count == 2 else { return }
    let body = try #require(Base64.decodeFolded(parts[1].utf8))
    #expect(String(decoding: body, as: UTF8.self) == text + "\r\n")
  }
}
