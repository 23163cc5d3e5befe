import Testing

@testable import MTACore

@Suite struct AuthorDomainTests {
  @Test(arguments: [
    ("a@example.org", "example.org"),
    ("A B <a@EXAMPLE.org>", "example.org"),
    ("\"B, A <x@evil.example>\" <a@example.org>", "example.org"),
    ("\"quote \\\" @ <\" <a@example.org>", "example.org"),
    ("A. B. (a comment (nested \\) one)) <a@example.org> (end)", "example.org"),
    ("<a (x) @ (y) example (z) . org>", "example.org"),
    ("\"a b\"@example.org", "example.org"),
    ("other@evil.example <a@example.org>", "example.org"),
    ("J\u{f6}rg <j\u{f6}rg@b\u{fc}cher.example>", "b\u{fc}cher.example"),
    ("=?utf-8?q?J=C3=B6rg?=\r\n <a@example.org>", "example.org"),
    ("a@[192.0.2.1]", "[192.0.2.1]"),
    ("a@example.org, B <b@example.org>,", "example.org"),
  ])
  func isFound(value: String, domain: String) {
    #expect(HeaderSection(Array("From: \(value)\r\n".utf8)).authorDomain?.description == domain)
  }

  @Test(arguments: [
    "", "a", "A B", "a@", "@example.org", "a@b@example.org", "a b@example.org", "a..b@example.org", "a.@example.org",
    "<a@example.org", "a@example.org>", "<a@example.org> <b@evil.example>", "<a@example.org> b",
    "Group: a@example.org;",
    "undisclosed:;", "<@relay.example:a@example.org>", "\"open <a@example.org>", "(open a@example.org",
    "a@example.org\\",
    "a@exam_ple..org", "a@\"example.org\"", "a@example.org, b@evil.example", "<>", "a@[not an address]",
    "a:b <c@example.org>",
    "a\u{0}@example.org",
  ])
  func isNobodys(value: String) {
    #expect(HeaderSection(Array("From: \(value)\r\n".utf8)).authorDomain == nil)
  }

  @Test func twoFromFieldsNameNobody() {
    #expect(HeaderSection(Array("From: a@example.org\r\nfrom : a@example.org\r\n".utf8)).authorDomain == nil)
    #expect(HeaderSection(Array("To: a@example.org\r\n".utf8)).authorDomain == nil)
  }

  @Test func authorsAreListed() {
    let section = HeaderSection(Array("From: A <a@x.example>,\r\n \"b c\"@y.example\r\n".utf8))
    #expect(section.authors?.map(\.description) == ["a@x.example", "\"b c\"@y.example"])
  }
}
