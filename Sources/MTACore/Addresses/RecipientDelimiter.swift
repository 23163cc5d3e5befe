/// The characters that end a user's name in a local part: with `+` the mailbox `ann+lists@example.org` is ann's, and `lists` is a detail
/// that she chose herself (RFC 5233 §1).
///
/// ```swift
/// let delimiter = RecipientDelimiter("+")
/// let user = delimiter?.user(of: "ann+lists@example.org")   // ann@example.org
/// ```
public struct RecipientDelimiter: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  /// - Parameter text: one to eight of the characters ``allowed``, any of which is a delimiter. Nil for anything else.
  public init?(_ text: some StringProtocol) {
    guard (1...8).contains(text.utf8.count), text.utf8.allSatisfy({ Self.allowed.utf8.contains($0) }) else {
      return nil
    }
    description = String(text)
  }

  /// What may be a delimiter: what needs no quotes in a local part, and is neither letter nor digit (RFC 5321 §4.1.2).
  public static let allowed = "+-=_.#!$%&'*/?^`{|}~"

  /// The user's own mailbox, without the first delimiter behind the first character and what follows. Nil if there is none.
  public func user(of mailbox: Mailbox) -> Mailbox? {
    let octets = mailbox.localPart.utf8
    guard let place = octets.dropFirst().firstIndex(where: { description.utf8.contains($0) }) else { return nil }
    return Mailbox(localPart: String(Substring(octets[..<place])), domain: mailbox.domain)
  }
}
