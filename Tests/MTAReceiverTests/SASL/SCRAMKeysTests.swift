import MTACore
import Testing

@testable import MTAReceiver

@Suite struct SCRAMKeysTests {
  @Test func saltsAreRandomUnlessGiven() throws {
    let (one, other) = (try SCRAMKeys(password: "x", iterations: 1), try SCRAMKeys(password: "x", iterations: 1))
    #expect(one.salt.count == 16 && one.salt != other.salt)
    #expect(try SCRAMKeys(password: "x", salt: one.salt, iterations: 1) == one)
    #expect(SCRAMKeys(encoded: one.encoded) == one)
  }

  @Test func whatCannotBeMadeIsThrown() {
    #expect(throws: UnsuitablePassword.characters) { try SCRAMKeys(password: "") }
    #expect(throws: UnsuitablePassword.characters) { try SCRAMKeys(password: "a\nb") }
    #expect(throws: UnsuitablePassword.parameters) { try SCRAMKeys(password: "x", salt: [], iterations: 1) }
    #expect(throws: UnsuitablePassword.parameters) { try SCRAMKeys(password: "x", iterations: 0) }
  }

  @Test func clearPasswordsCanBeComparedWithKeys() async throws {
    let keys = try SCRAMKeys(password: "pencil", iterations: 100)
    #expect(try await Credentials(username: "u", password: "pencil").match(scramKeys: keys))
    #expect(try await !Credentials(username: "u", password: "pencils").match(scramKeys: keys))
    #expect(try await !Credentials(username: "u", password: "pencil").match(scramKeys: nil))
    #expect(try await !Credentials(username: "u", password: "\t").match(scramKeys: keys))
    #expect(try await !Credentials(mechanism: "X", username: "u", proof: .verified).match(scramKeys: keys))
  }

  @Test func onlyPasswordsMatchHashes() async throws {
    let hash = "$5$BsHk6IIvndgdBmo9$iuO6WMaXzgzpGmGreV4uiH72VRGG1USNK/e5tL7P9jC"
    for proof in [Credentials.Proof.verified, .bearerToken("my-password")] {
      #expect(try await !Credentials(mechanism: "X", username: "u", proof: proof).match(cryptHash: hash))
    }
  }

  /// RFC 4013 §3, as far as tables are at hand: soft hyphen, nothing to do, case, no-break space.
  @Test(arguments: [
    ("I\u{AD}X", "IX"), ("user", "user"), ("USER", "USER"), ("a\u{A0}b", "a b"), ("Grüße ÄÖÜ", "Grüße ÄÖÜ"),
    ("пароль", "пароль"),
    ("λόγος", "λόγος"), ("かなカナ", "かなカナ"), ("密码", "密码"), ("비밀번호", "비밀번호"), ("€5", "€5"), ("Ж", "Ж"),
  ])
  func prepared(text: String, expected: String) {
    #expect(SASLprep.prepare(text).map { Array($0.unicodeScalars) } == Array(expected.unicodeScalars))
  }

  @Test(arguments: [
    "", "\u{7}", "\u{7F}", "\u{85}", "\u{AD}", "\u{AA}", "\u{2168}", "\u{212B}", "\u{212A}", "\u{FB01}", "\u{FF21}",
    "e\u{301}",
    "\u{627}1", "\u{5D0}", "\u{1112}\u{1161}", "\u{200E}", "\u{E000}", "\u{FFFD}", "\u{1F600}", "\u{2028}",
  ])
  func refused(text: String) { #expect(SASLprep.prepare(text) == nil) }
}
