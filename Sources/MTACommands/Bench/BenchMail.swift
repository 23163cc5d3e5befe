import MTACore
import NIOCore

/// The mails of a load: each has a Message-ID of its own, and exactly the size that is asked for.
struct BenchMail: Sendable {
  /// Octets; a mail is not shorter, for its header section has to be there.
  static let minimumSize = 512
  private static let line = "the quick brown fox jumps over the lazy dog, and over this one as well..\r\n"
  /// The lines of one piece, of which longer mails have several.
  private static let lines = ByteBuffer(string: String(repeating: line, count: 800))

  /// Of all mails of this run, so that two runs have no Message-ID in common.
  private let run: String
  private let date: String
  private let from: String
  private let to: String

  init(_ plan: BenchPlan, run: String, now: Timestamp) {
    self.run = run
    date = now.internetMessageDate
    from = Self.shown(plan.sender.mailbox)
    to = Self.shown(plan.recipients.first)
  }

  /// A longer name could be longer than the mail.
  private static func shown(_ mailbox: Mailbox?) -> String {
    guard let mailbox, "\(mailbox)".utf8.count <= 100 else { return "bench@localhost" }
    return "\(mailbox)"
  }

  /// The content of mail `number` in pieces, none of which ends within a line end.
  ///
  /// - Parameter size: at least ``minimumSize``.
  func pieces(_ number: Int, size: Int) -> [ByteBuffer] {
    let width = Self.line.utf8.count
    var head = head(number, filling: "")
    // No line has one octet alone.
    if (size - head.utf8.count) % width == 1 { head = self.head(number, filling: ".") }
    var pieces = [ByteBuffer(string: head)]
    var left = max(0, size - head.utf8.count)
    while left >= width {
      let octets = min(left / width * width, Self.lines.readableBytes)
      guard let part = Self.lines.getSlice(at: Self.lines.readerIndex, length: octets) else { break }
      pieces.append(part)
      left -= octets
    }
    if left >= 2 { pieces.append(ByteBuffer(string: String(repeating: "x", count: left - 2) + "\r\n")) }
    return pieces
  }

  private func head(_ number: Int, filling: String) -> String {
    """
    From: <\(from)>\r
    To: <\(to)>\r
    Date: \(date)\r
    Message-ID: <\(number).\(run)@bench.invalid>\r
    Subject: bench \(number)\(filling)\r
    \r

    """
  }
}
