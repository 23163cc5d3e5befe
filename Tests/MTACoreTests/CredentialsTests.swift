import MTACore
import Testing

@Suite struct CredentialsTests {
  @Test func secretsShowNowhere() throws {
    let keys = try #require(
      SCRAMKeys(
        salt: [1], iterations: 4096, storedKey: .init(repeating: 65, count: 32),
        serverKey: .init(repeating: 66, count: 32)))
    let secrets: [Any] = [
      Credentials(username: "user", password: "swordfish"),
      Credentials(mechanism: "XOAUTH2", username: "user", proof: .bearerToken("swordfish")),
      Credentials.Proof.bearerToken("swordfish"), Credentials.Proof.password("swordfish"), keys,
    ]
    for secret in secrets {
      var dumped = ""
      dump(secret, to: &dumped)
      for text in ["\(secret)", String(reflecting: secret), dumped] {
        #expect(!text.contains("swordfish") && !text.contains("65") && !text.contains("66"))
      }
    }
  }

  @Test func onlyAPasswordIsAPassword() {
    #expect(Credentials(username: "u", password: "p").password == "p")
    #expect(Credentials(username: "u", password: "p").mechanism == "PLAIN")
    #expect(Credentials(mechanism: "X", username: "u", proof: .verified).password == "")
    #expect(Credentials(mechanism: "X", username: "u", proof: .bearerToken("t")).password == "")
  }

  @Test func scramKeysAreKeptAsText() throws {
    let text =
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    let keys = try #require(SCRAMKeys(encoded: text))
    #expect(keys.iterations == 4096 && keys.salt.count == 16 && keys.encoded == text)
  }

  @Test(arguments: [
    "", "$$", "SCRAM-SHA-256$4096$:", "SCRAM-SHA-1$4096:AQ==$AQ==:AQ==", "SCRAM-SHA-256$4096:AQ==$AQ==:AQ==",
    "SCRAM-SHA-256$0:AQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "SCRAM-SHA-256$+9:AQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "SCRAM-SHA-256$9:$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  ])
  func noSCRAMKeys(text: String) { #expect(SCRAMKeys(encoded: text) == nil) }
}
