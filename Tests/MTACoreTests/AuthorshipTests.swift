import Testing

@testable import MTACore

/// Whom a header names as its author.
@Suite struct AuthorshipTests {
  private func authorship(_ fields: String...) -> Authorship {
    HeaderSection(Array(fields.map { $0 + "\r\n" }.joined().utf8)).authorship
  }

  @Test func theFromFieldNamesTheAuthors() {
    let one = authorship("To: x@y.example", "From: \"VP, Bob\" <bob@a.example>")
    #expect(one.mailboxes.map(\.description) == ["bob@a.example"] && one.isReadable)
    let several = authorship("From: a@a.example, B <b@b.example>, A@a.example")
    #expect(several.mailboxes.map(\.description) == ["a@a.example", "b@b.example"] && several.isReadable)
    #expect(several.domains.map(\.description) == ["a.example", "b.example"])
  }

  /// RFC 5322 §3.6.6
  @Test func theNewestResentFromComesFirst() {
    let newest = authorship("Resent-From: n@a.example", "Resent-From: o@a.example", "From: x@b.example")
    #expect(newest.mailboxes.map(\.description) == ["n@a.example"] && newest.isReadable)
    // One that cannot be read hides no From.
    let hidden = authorship("Resent-From: nobody", "From: boss@a.example")
    #expect(hidden.mailboxes.map(\.description) == ["boss@a.example"] && !hidden.isReadable)
  }

  @Test(arguments: [
    ("From: Bob, VP of Engineering <bob@example.net>", ["bob@example.net"]),
    ("From: Bob, VP <bob@example.net", ["bob@example.net"]),
    ("From: Group: a@example.net, b@example.net;", ["a@example.net", "b@example.net"]),
    ("From: <@relay.example:a@example.net>", ["a@example.net"]),
    ("From: \"open <a@example.net>", ["a@example.net"]),
    ("From: (open a@example.net", ["a@example.net"]),
    ("From: x, y <\"boss\" (c) @ (d) example . net (e).>", ["boss@example.net"]),
    ("From: x, y <bo\"ss\"@example.net>", ["boss@example.net"]),
    ("From: x, y <boss@[192.0.2.1]>", ["boss@[192.0.2.1]"]),
    ("From: J\u{f6}rg, VP <j\u{f6}rg@b\u{fc}cher.example>", ["j\u{f6}rg@b\u{fc}cher.example"]),
    ("From: <>", []), ("From:", []), ("From: undisclosed:;", []), ("From: nobody at all", []),
    ("To: a@example.net", []),
    ("From: @@@, @.@ <a@@>", []),
  ])
  func whatIsNoListNamesWhatAnyReaderMightFind(field: String, named: [String]) {
    let found = authorship(field)
    #expect(!found.isReadable)
    for name in named { #expect(found.mailboxes.map(\.description).contains(name), "\(found.mailboxes)") }
    if named.isEmpty { #expect(found.mailboxes.isEmpty) }
  }

  /// Some readers take the address in front for the author, others the one in brackets.
  @Test func anAddressInFrontOfAnotherCountsAsWell() {
    let found = authorship("From: bob@village.example <ann@village.example>")
    #expect(Set(found.mailboxes.map(\.description)) == ["bob@village.example", "ann@village.example"])
    #expect(!found.isReadable && !found.isDisguised)
    let quoted = authorship("From: \"bob@village.example\" <ann@village.example>")
    #expect(quoted.mailboxes.map(\.description) == ["ann@village.example"] && quoted.isReadable)
  }

  @Test(arguments: [
    "\u{202e}bob@village.example", "bob\u{ad}@village.example", "bob@vil\u{ad}lage.example",
    "bob@village.example\u{ad}",
    "bob@vil\u{200b}lage.example", "bob@vil\u{2060}lage.example", "bob@vil\u{fe0f}lage.example",
    "bob@vil\u{34f}lage.example",
    "bob@vil\u{180e}lage.example", "bob@\u{1d5cf}illage.example", "bob@\u{1}village.example",
    "<bob@vil\u{ad}lage.example>",
    "Ann <\u{202e}bob@village.example>", "bob@vil\u{7f}lage.example",
  ])
  func whatLooksLikeAnAddressAndIsNoneIsDisguised(text: String) {
    let found = authorship("From: \(text)")
    #expect(!found.isReadable && found.isDisguised)
  }

  @Test(arguments: [
    "b\u{fc}cher.example", "B\u{dc}CHER.example", "stra\u{df}e.example", "\u{4f8b}\u{3048}.example",
    "\u{ff56}illage.example",
  ])
  func domainsOfOtherLettersAreRead(domain: String) {
    let found = authorship("From: bob@\(domain)")
    #expect(found.isReadable && !found.isDisguised && found.mailboxes.count == 1)
  }

  @Test(arguments: ["\u{ff20}", "\u{fe6b}"]) func otherFormsOfTheSignCount(sign: String) {
    let found = authorship("From: bob\(sign)village.example")
    #expect(found.mailboxes.map(\.description).contains("bob@village.example") && !found.isReadable)
  }

  @Test func severalFromFieldsNameAll() {
    let found = authorship("From: a@example.net", "from : boss@example.net")
    #expect(found.mailboxes.map(\.description) == ["a@example.net", "boss@example.net"] && !found.isReadable)
  }

  /// A field that other readers may take for one of these counts, though nobody can say what they make of it.
  @Test(arguments: [
    "From\u{b}: boss@a.example", "From\u{a0}: boss@a.example", "\u{1}From: boss@a.example",
    "From\u{7f}: boss@a.example",
    "From\t\u{c}\t: boss@a.example",
    "From\r\n : boss@a.example", "From\r\n\t\u{b}: boss@a.example", "Fr om: boss@a.example", "From(c): boss@a.example",
    "From(a: (b) c) : boss@a.example", "Resent-From\u{b}: boss@a.example", "Resent_From: boss@a.example",
    "FROM\u{feff}: x",
  ])
  func authorsInDisguiseAreSeen(field: String) {
    for fields in [["From: bob@a.example", field], [field, "From: bob@a.example"], ["Subject: x", field]] {
      let found = HeaderSection(Array(fields.map { $0 + "\r\n" }.joined().utf8)).authorship
      #expect(found.isDisguised && !found.isReadable, "\(fields)")
    }
  }

  @Test(arguments: [
    "X-From: a", "From-Host: a", "Fromage: a", "no field", "Resent-From-X: a", "Froms(x): a", "Form: a",
  ])
  func otherFieldsAreNoAuthors(field: String) {
    let found = authorship("From \t: bob@a.example", field)
    #expect(!found.isDisguised && found.isReadable)
  }

  @Test func theirNumberIsBounded() {
    let many = authorship("From: " + (0...16).map { "a\($0)@example.net" }.joined(separator: ", "))
    #expect(many.areTooMany && many.mailboxes.count == Authorship.maximum)
    let enough = authorship("From: " + (0..<16).map { "a\($0)@example.net" }.joined(separator: ", "))
    #expect(!enough.areTooMany && enough.mailboxes.count == 16)
  }
}
