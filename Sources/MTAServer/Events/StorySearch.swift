package import MTACore
import MTASystem

/// Which mails an operator asks about. All that is said must hold.
package struct StorySearch: Hashable, Sendable {
  package var messageID: String?
  /// The id of a session.
  package var session: String?
  /// Addresses; `*` stands for any octets, and letters of both cases are equal. `<>` is the null sender.
  package var sender: String?
  package var recipient: String?
  package var since = Timestamp(milliseconds: 0)
  package var until = Timestamp.last
  /// Only what was refused.
  package var isRefused = false

  package init() {}

  /// Whether a record is one of those.
  func matches(_ fields: EventFields) -> Bool {
    if let messageID {
      guard let value = fields["message_id"], Self.bare(value) == Self.bare(messageID) else { return false }
    }
    if let session { guard fields["session"] == session else { return false } }
    if let sender { guard let value = fields["from"], Self.matches(value, sender) else { return false } }
    if let recipient {
      guard fields.values("to").contains(where: { Self.matches($0, recipient) }) else { return false }
    }
    return true
  }

  /// Without the brackets, which people leave out.
  private static func bare(_ messageID: String) -> Substring {
    messageID.hasPrefix("<") && messageID.hasSuffix(">") ? messageID.dropFirst().dropLast() : messageID[...]
  }

  /// A text that stands in each record that matches, as it is written there, in small letters: with it the database looks at fields. Empty
  /// where there is none.
  var needle: String {
    let words = [messageID.map { String(Self.bare($0)) }, session, sender, recipient].compactMap(\.self)
    let pieces = words.flatMap { $0.split(separator: "*") }.filter { piece in
      // Others are written with escapes.
      piece.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
    return pieces.max { $0.utf8.count < $1.utf8.count }?.lowercased() ?? ""
  }

  /// In one walk through the text: each piece of the pattern is taken where it first fits.
  static func matches(_ text: String, _ pattern: String) -> Bool {
    func small(_ text: String) -> [UInt8] { text.utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 } }
    let pieces = small(pattern).split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
    var rest = small(text)[...]
    guard let first = pieces.first, let last = pieces.last else { return false }
    if pieces.count == 1 { return rest.elementsEqual(first) }
    guard rest.starts(with: first) else { return false }
    rest = rest.dropFirst(first.count)
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let place = rest.firstRange(of: piece) else { return false }
      rest = rest[place.upperBound...]
    }
    return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
  }
}
