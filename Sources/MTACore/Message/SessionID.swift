/// The id of one connection to a receiver, `1wKf0gk3Q-2a`: what it said and what became of its mails can be found by it in the log.
///
/// The part before the hyphen is the receiving process's: its start in seconds, and random digits, in base 62. The part behind it is the
/// number of the connection. So ids differ over restarts and between processes.
public struct SessionID: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  public let description: String

  /// Takes any text of 1 to 64 letters, digits and hyphens.
  public init?(_ text: String) {
    guard MailID(text) != nil else { return nil }
    description = text
  }

  /// What the ids of one process have in common.
  package struct Stem: Hashable, Sendable {
    fileprivate let text: String

    package init(at start: Timestamp, random: UInt32) {
      var text: [UInt8] = []
      MailID.append(UInt64(clamping: start.seconds), 62, 6, to: &text)
      MailID.append(UInt64(random % 238_328), 62, 3, to: &text)
      self.text = String(decoding: text, as: UTF8.self) + "-"
    }
  }

  package init(_ stem: Stem, _ number: UInt64) {
    var digits: [UInt8] = []
    MailID.append(number, 62, 1, to: &digits)
    description = stem.text + String(decoding: digits, as: UTF8.self)
  }
}
