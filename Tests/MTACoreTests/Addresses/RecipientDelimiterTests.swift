import MTACore
import Testing

/// Details behind users' names (RFC 5233).
@Suite struct RecipientDelimiterTests {
  @Test(
    arguments: [
      ("+", "ann+lists@a.example", "ann@a.example"), ("+", "ann+a+b@a.example", "ann@a.example"),
      ("+-", "ann-a+b@a.example", "ann@a.example"), ("-+", "ann+a-b@a.example", "ann@a.example"),
      ("+", "ann+@a.example", "ann@a.example"), ("+", "+lists@a.example", nil), ("+", "++b@a.example", "+@a.example"),
      ("+", "ann@a.example", nil), ("-", "ann+lists@a.example", nil), ("+", "\"a b+c\"@a.example", "\"a b\"@a.example"),
      ("+", "b\u{FC}cher+x@a.example", "b\u{FC}cher@a.example"), ("+", "e\u{301}+x@a.example", "e\u{301}@a.example"),
      // A mark that belongs to the delimiter, were it a character.
      ("+", "ann+\u{301}x@a.example", "ann@a.example"),
    ] as [(String, String, String?)])
  func theFirstDelimiterEndsTheUser(delimiter: String, mailbox: String, user: String?) throws {
    let found = try #require(RecipientDelimiter(delimiter)).user(of: try #require(Mailbox(mailbox)))
    #expect(found == user.flatMap { Mailbox($0) })
  }

  @Test func onlyMarksAreDelimiters() {
    for text in ["+", "+-", "=_.#", "!$%&'*/?", "^`{|}~+-"] { #expect(RecipientDelimiter(text)?.description == text) }
    for text in ["", "a", "+a", "1", "@", " ", "\"", "\\", "(", "+\u{301}", "\u{E9}", "+-=_.#!$%"] {
      #expect(RecipientDelimiter(text) == nil, "\(text)")
    }
  }
}
