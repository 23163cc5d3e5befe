import MTACore
import MTATLS
import MTATestSupport
import Testing

@testable import MTAReceiver
@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is told of settings that are well formed, and yet wrong; and where a file is not.
@Suite struct SettingsCheckTests {
  private func read(_ json: String) throws -> Settings {
    try Settings(JSONDecoder().decode([String: AttributeValue].self, from: Data(json.utf8)), folder: "/srv/mta")
  }

  @Test(arguments: [
    "$5$BsHk6IIvndgdBmo9$iuO6WMaXzgzpGmGreV4uiH72VRGG1USNK/e5tL7P9jC",
    "$6$rounds=5000$salt$" + String(repeating: "a", count: 86), "$1$salt$" + String(repeating: "a", count: 22),
    "$2b$12$" + String(repeating: "a", count: 53), "$y$j9T$salt$" + String(repeating: "a", count: 43), "ab0123456789.",
  ])
  func hashesAreKnown(hash: String) {
    #expect(CryptHashForm.isKnown(hash))
  }

  @Test(arguments: [
    "", "my-password", "secret", "x", "!", "!!", "$", "$$", "$5$", "$5$salt$", "$6$salt$short", "$9$salt$hash",
    "$5$salt$" + String(repeating: "a", count: 42), "$5$salt$" + String(repeating: "a", count: 44),
    "$2b$12$" + String(repeating: "a", count: 52), "$5$sa lt$" + String(repeating: "a", count: 43),
    "{SSHA}0123456789abcdef", "SCRAM-SHA-256$4096:c2FsdA==$a:b", "5f4dcc3b5aa765d61d8327deb882cf99",
    "passwords of 13", "$5$salt$" + String(repeating: "\u{fc}", count: 43),
    "$1$" + String(repeating: "x", count: 500) + "$" + String(repeating: "a", count: 22),
  ])
  func whatIsNoHashIsNone(text: String) {
    #expect(!CryptHashForm.isKnown(text))
  }

  /// The user is named; the value, which may be a password, is not.
  @Test func aUserWithoutAHashIsNamed() throws {
    let settings = try read(
      #"{"serverName": "a.example", "users": {"ann@a.example": "my-password", "bob@a.example": "*", "eve@a.example": "hunter2"}}"#
    )
    let failure = #expect(throws: SettingsFailure.self) { try settings.check() }
    #expect(failure?.problems.map { $0.prefix(20) } == ["users: ann@a.example", "users: eve@a.example"])
    #expect(failure?.description.contains("my-password") == false && failure?.description.contains("hunter2") == false)
  }

  @Test func eachUserAtFaultIsNamed() throws {
    let failure = #expect(throws: SettingsFailure.self) {
      _ = try read(#"{"serverName": "a.example", "users": {"ann": "*", "bob@a.example": 5, "eve@a.example": ""}}"#)
    }
    #expect(
      failure?.problems == [
        "users: ann: is no mailbox", "users: bob@a.example: must be a crypt(3) hash, or *",
        "users: eve@a.example: must be a crypt(3) hash, or *",
      ])
  }

  @Test func whatLeadsNowhereIsNamed() throws {
    let settings = try read(
      #"""
      {"serverName": "mx.a.example", "localDomains": ["a.example"], "users": {"ann@a.example": "*"},
       "aliases": {"info@a.example": ["Ann@a.example", "gone@a.example", "x@elsewhere.example"], "sales@a.example": "info@a.example",
                   "@a.example": "nobody@b.example", "loop@a.example": "postmaster@a.example"},
       "forwards": {"ann@a.example": {"to": "x@elsewhere.example"}, "bob@a.example": {"to": "ann@a.example"}}}
      """#)
    // With a catch-all everybody is somebody.
    #expect(settings.warnings() == ["forwards: bob@a.example: is not a user"])
    var strict = settings
    strict.aliases = AliasTable()
    strict.aliases.add("info@a.example", ["Ann@a.example", "gone@a.example"].compactMap { Mailbox($0) })
    strict.aliases.add("@c.example", ["gone@a.example"].compactMap { Mailbox($0) })
    #expect(
      strict.warnings() == [
        "aliases: info@a.example: gone@a.example does not exist here",
        "aliases: @c.example: gone@a.example does not exist here",
        "forwards: bob@a.example: is not a user",
      ])
    #expect(try read(#"{"serverName": "a.example"}"#).warnings().map { $0.prefix(19) } == ["localDomains: none,"])
  }

  @Test(arguments: [
    (#""info@a.example": "info@a.example""#, ["aliases: info@a.example: leads to itself, and is no user"]),
    (
      #""x@a.example": "y@a.example", "y@a.example": ["Z@a.example", "ann@a.example"], "z@a.example": "x@a.example", "w@a.example": "y@a.example""#,
      [
        "aliases: y@a.example: leads back to itself: y@a.example → z@a.example → x@a.example → y@a.example"
      ]
    ),
    (
      #""ann@a.example": "far@b.example""#,
      ["aliases: ann@a.example: is a user, too, whose mail goes where the alias leads"]
    ),
    // Keeps a copy.
    (#""ann@a.example": ["ann@a.example", "far@b.example"]"#, []),
    (
      #""x@a.example": ["y@a.example", "z@a.example"], "y@a.example": "ann@a.example", "z@a.example": "y@a.example""#,
      []
    ),
  ])
  func aliasesThatLeadToThemselvesOrHideUsersAreNamed(_ aliases: String, _ expected: [String]) throws {
    let settings = try read(
      #"{"serverName": "mx.a.example", "localDomains": ["a.example"], "users": {"ann@a.example": "*"}, "aliases": {\#(aliases)}}"#
    )
    #expect(settings.warnings() == expected)
  }

  @Test func aPostmasterWhoIsNobodyIsNamed() throws {
    func warnings(_ tables: String) throws -> [String] {
      try read(
        #"{"serverName": "mx.a.example", "localDomains": ["a.example"], "postmasterName": "ann@a.example"\#(tables)}"#
      ).warnings()
    }
    #expect(try warnings(#", "users": {"Ann@a.example": "*"}"#).isEmpty)
    #expect(
      try warnings(#", "users": {"bob@a.example": "*"}, "aliases": {"abuse@a.example": "ann@a.example"}"#) == [
        "postmasterName: ann@a.example does not exist here",
        "aliases: abuse@a.example: ann@a.example does not exist here",
      ])
    #expect(try warnings(#", "aliases": {"abuse@a.example": "ann@a.example"}"#).count == 2)
    // Hooks of the program's own may know the name.
    #expect(try warnings("").isEmpty)
  }

  /// A chain as long as the file may be is no trouble.
  @Test func aLongChainOfAliasesIsFollowed() throws {
    var settings = try read(#"{"serverName": "mx.a.example", "localDomains": ["a.example"]}"#)
    let count = 20_000
    for number in 0..<count {
      settings.aliases.add("a\(number)@a.example", [try #require(Mailbox("a\((number + 1) % count)@a.example"))])
    }
    let warnings = settings.warnings()
    #expect(warnings.count == 1 && warnings.first?.contains("leads back to itself") == true)
  }

  @Test func aContextKnowsWhenItsCertificateExpires() throws {
    // That of the test kit is good for a century.
    let expiry = try #require(try TestCertificate.server().certificateExpiry)
    #expect(expiry > .seconds(20 * 365 * 86_400))
    #expect(try #require(try TestCertificate.server().certificateBegin) < .zero)
    #expect(try TLSContext.client().certificateExpiry == nil)
  }

  @Test(arguments: [
    ("{", "line 1, column 2: a name in quotes"), ("[]", "line 1, column 1: a JSON object"),
    ("", "line 1, column 1: a JSON"),
    ("{\n  \"a\": 1,\n}", "line 2, column 9: no comma may stand before }"),
    ("{\"a\": [1, 2,]}", "line 1, column 12: no comma may stand before ]"),
    ("{\"a\": 1\n \"b\": 2}", "line 2, column 2: a comma or }"),
    ("{\"\u{fc}\": x}", "line 1, column 7: a value is expected"),
    ("{\"a\": tru}", "line 1, column 7: a value"), ("{\"a\": 01}", "line 1, column 7: no number"),
    ("{\"a\": \"x}", "line 1, column 7: the text is not ended"), ("{\"a\": \"x\ny\"}", "line 1, column 9: a text ends"),
    ("{\"a\": \"\\x\"}", "line 1, column 9: no such escape"), ("{\"a\" 1}", "line 1, column 6: a colon"),
    ("{} x", "line 1, column 4: something stands behind"), ("{a: 1}", "line 1, column 2: a name in quotes"),
    ("{\"a\": 1, \"a\": 2}", "line 1, column 10: \"a\" stands here a second time"),
    ("{\"a\": 'x'}", "line 1, column 7: a value"), ("{\"a\": 1 // why\n}", "line 1, column 9: a comma or }"),
    (String(repeating: "{\"a\":", count: 100), "line 1, column 321: too deep"),
  ])
  func theFirstFaultOfAFileHasAPlace(text: String, fault: String) {
    do {
      try JSONCheck.check(Array(text.utf8))
      Issue.record("\(text) passes")
    } catch { #expect(error.description.hasPrefix(fault), "\(error)") }
  }

  @Test(arguments: [
    "{}", " {\"a\": [], \"b\": {}, \"c\": [1, -2.5e+3, 0, true, false, null, \"\\u00fc\\n\"]} \n", "\u{feff}{}",
  ])
  func whatIsJSONPasses(text: String) throws {
    try JSONCheck.check(Array(text.utf8))
  }
}
