import Testing

@testable import MTACore

@Suite struct AuthenticationResultsFieldTests {
  @Test func resultsAreFolded() {
    let field = AuthenticationResultsField(
      authority: "mx.example.org",
      results: [
        AuthenticationResult(
          method: "dkim", result: "pass",
          properties: [
            .init("header", "d", "example.net"), .init("header", "s", "mail"), .init("header", "a", "rsa-sha256"),
            .init("header", "b", "dz/VyOf="), .init("header", "i", "@example.net"),
          ]),
        AuthenticationResult(method: "spf", result: "none", properties: [.init("smtp", "mailfrom", "a@example.net")]),
      ])
    #expect(
      field.render() == """
        Authentication-Results: mx.example.org;\r
         dkim=pass header.d=example.net header.s=mail header.a=rsa-sha256\r
         header.b="dz/VyOf=" header.i=@example.net;\r
         spf=none smtp.mailfrom=a@example.net\r\n
        """)
  }

  @Test func noResultSaysNone() {
    #expect(
      AuthenticationResultsField(authority: "mx.example.org", results: []).render()
        == "Authentication-Results: mx.example.org; none\r\n")
  }

  @Test func hostileValuesCannotLeaveTheField() {
    let field = AuthenticationResultsField(
      authority: "mx",
      results: [
        AuthenticationResult(
          method: "dk\r\nim", result: "pa;ss", reason: "a \"b\" \\ c\r\nX-Evil: y; spf=pass \u{85}",
          properties: [
            .init("header", "d", "x; dkim=pass"), .init("header", "i", "a@b@c"), .init("header", "s", ""),
            .init("header", "d", "b\u{fc}cher.example"), .init("header", "x", String(repeating: "y", count: 5000)),
          ])
      ])
    let text = field.render()
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(lines.dropFirst().dropLast().allSatisfy { $0.hasPrefix(" ") && $0.utf8.count > 1 })
    #expect(lines.allSatisfy { $0.utf8.count <= 300 })
    let unfolded = HeaderSection(Array(text.utf8)).first(named: "authentication-results")?.value ?? ""
    #expect(unfolded.hasPrefix(#"mx; dkim=pass reason="a \"b\" \\ c??X-Evil: y; spf=pass ?" header.d="x; dkim=pass""#))
    #expect(unfolded.contains(#"header.i="a@b@c" header.s="" header.d="b?cher.example" header.x=yyy"#))
    #expect(field.render(international: true).contains("header.d=b\u{fc}cher.example"))
    #expect(HeaderSection(Array(text.utf8)).fields.count == 1)
  }

  @Test(arguments: [
    "mx.example.org; none", "MX.example.ORG;dkim=pass", "mx.example.org", "mx.example.org 1; none",
    "mx.example.org. ; none",
    " (a (nested) \\) comment)\r\n mx.example.org (more); none", "\"mx.exa\\mple.org\"; none",
    "mx.example.org(x); none",
    // Without a readable name: counts as ours.
    "", ";", "; none", "(open mx.example.org; none", "\"open",
    // As others may read it.
    "mx.example.org/1; none", "mx.example.org=;", "mx.example.org\t1", "mx.example.org\u{b};", "\u{c}mx.example.org;",
    "mx.example.org\u{a0}; none", "\u{a0}mx.example.org; none", "mx.exam\u{7f}ple.org; x", "mx.\r\n example.org; x",
    "mx.example.org..; x", "(;) mx.example.org; x", "(mx.example.org; none) other; x", "\"mx.example.org;\"; x",
    "=?utf-8?q?mx.example.org?=; x", "=?utf-8?b?bXguZXhhbXBsZS5vcmc=?=; x", "\u{ff4d}x.example.org; x",
    "version=1 mx.example.org; x", "<mx.example.org>; x", "mx.example.org, elsewhere.example; x",
    "\\mx.example.org; x", "(\\(); mx.example.org) x; y", "\"mx.example.org", "mx.example.org dkim=pass",
    String(repeating: "(x)", count: 400) + "mx.example.org; x",
  ])
  func ourNameIsClaimed(value: String) {
    let section = HeaderSection(Array("authentication-RESULTS: \(value)\r\n".utf8))
    #expect(section.fields.map { AuthenticationResultsField.claims($0, authority: "mx.example.org") } == [true])
  }

  @Test(arguments: [
    "example.org; none", "amx.example.org; none", "(mx.example.org) other; none", "mx.example.orgs; none",
    "mx.example.org.other.example; none", "mx.example.org-2; none", "other.example; dkim=pass header.d=mx.example.org",
    "other.example (a \u{22} quote); mx.example.org", "other.example/1; x",
    "other.example;" + String(repeating: "x", count: 2000),
  ])
  func othersSpeakForThemselves(value: String) {
    let section = HeaderSection(Array("Authentication-Results: \(value)\r\n".utf8))
    #expect(section.fields.map { AuthenticationResultsField.claims($0, authority: "mx.example.org") } == [false])
  }

  @Test(arguments: [
    "authentication_results", "Authentication-Results ", "Authentication-Results\t", "Authentication-Results\u{b}",
    "Authentication-Results\u{a0}", "Authentication Results", "AUTHENTICATION-RESULTS", "Authentication-Results\r\n ",
    "\u{ad}Authentication-Results",
  ])
  func theFieldIsKnownByAnySpellingOfItsName(name: String) {
    let section = HeaderSection(Array("A: 1\r\n\(name): mx.example.org; none\r\n".utf8))
    #expect(section.fields.map { AuthenticationResultsField.claims($0, authority: "mx.example.org") } == [false, true])
  }

  @Test func ourNameIsKnownInBothItsForms() {
    let section = HeaderSection(Array("Authentication-Results: mx.xn--bcher-kva.example; none\r\n".utf8))
    for authority in ["mx.b\u{fc}cher.example", "mx.xn--bcher-kva.example", "MX.XN--BCHER-KVA.example"] {
      #expect(
        section.fields.map { AuthenticationResultsField.claims($0, authority: authority) } == [true], "\(authority)")
    }
    let unicode = HeaderSection(Array("Authentication-Results: mx.b\u{fc}cher.example; none\r\n".utf8))
    #expect(
      unicode.fields.map { AuthenticationResultsField.claims($0, authority: "mx.xn--bcher-kva.example") } == [true])
  }

  /// What it costs to look at a field does not depend on what it holds.
  @Test func hugeFieldsAreOurs() {
    for text in ["m", "(", "mx.example.or ", "\\"] {
      let value = String(repeating: text, count: 200_000 / text.utf8.count)
      let section = HeaderSection(Array("Authentication-Results: \(value)\r\n".utf8))
      #expect(section.fields.map { AuthenticationResultsField.claims($0, authority: "mx.example.org") } == [true])
    }
  }

  @Test func otherFieldsClaimNothing() {
    let section = HeaderSection(Array("X-Authentication-Results: mx.example.org; none\r\n".utf8))
    #expect(section.fields.map { AuthenticationResultsField.claims($0, authority: "mx.example.org") } == [false])
  }
}
