import MTACore
import MTATestSupport
import Testing

@testable import MTAReceiver

/// Each mechanism as a conversation.
@Suite struct MechanismDialogueTests {
  static let hello = """
    S: 220
    C: EHLO client.example
    S: 250

    """

  static func dialogue(
    keys: SCRAMKeys? = nil, trouble: Citadel.Trouble? = nil, _ mechanisms: [any SASLMechanism]
  ) -> Dialogue {
    let dialogue = Dialogue(hooks: Citadel(keys: keys, trouble: trouble))
    dialogue.configuration.allowsAuthInClear = true
    dialogue.configuration.mechanisms = mechanisms
    return dialogue
  }

  /// SCRAM with the server nonce of RFC 7677 §3.
  static var scram: [any SASLMechanism] {
    [true, false].map {
      SASLSCRAM(isPlus: $0, decoys: SCRAMDecoys(secret: [7], iterations: 4096)) { SCRAMExchangeTests.serverNonce }
    }
  }

  private func play(_ script: String, _ mechanisms: [any SASLMechanism] = [SASLPlain(), SASLLogin()]) async throws {
    for chunking in [Dialogue.Chunking.lines, .bytes(1)] {
      try await Self.dialogue(mechanisms).play(Self.hello + script, chunking: chunking)
    }
  }

  @Test func plainInBothForms() async throws {
    try await play("C: AUTH PLAIN \(base64("\0user\0pencil"))\nS: 235 2.7.0")
    try await play("C: auth plain\nS: 334 \nC: \(base64("user\0user\0pencil"))\nS: 235 2.7.0")
  }

  @Test func loginInBothForms() async throws {
    try await play(
      """
      C: AUTH LOGIN
      S: 334 VXNlcm5hbWU6
      C: \(base64("user"))
      S: 334 UGFzc3dvcmQ6
      C: \(base64("pencil"))
      S: 235 2.7.0
      """)
    try await play(
      """
      C: AUTH LOGIN \(base64("user"))
      S: 334 UGFzc3dvcmQ6
      C: \(base64("pencil"))
      S: 235
      C: AUTH LOGIN
      S: 503 5.5.1
      """)
  }

  @Test func faultsOfEveryExchange() async throws {
    try await play(
      """
      C: AUTH
      S: 501 5.5.4
      C: AUTH LOGIN a b
      S: 501 5.5.4
      C: AUTH CRAM-MD5
      S: 504 5.5.4
      C: AUTH SCRAM-SHA-256
      S: 504 5.5.4
      C: AUTH PLAIN dXNlcg
      S: 535 5.7.8
      C: AUTH PLAIN dXNlc
      S: 501 5.5.2
      C: AUTH LOGIN
      S: 334
      C: %%%
      S: 501 5.5.2
      C: AUTH LOGIN
      S: 334
      C: *
      S: 501 5.7.0
      C: AUTH LOGIN =
      S: 334
      C: *
      S: 501 5.7.0
      C: NOOP
      S: 250
      """)
  }

  @Test func linesOfAuthMayBeLong() async throws {
    // 12,288 octets with CR LF, and one more.
    let name = "AUTH PLAIN "
    let long = String(repeating: "x", count: 12_288 - 2 - name.utf8.count)
    try await play(
      """
      C: \(name)\(long)
      S: 501 5.5.2
      C: \(name)\(long)x
      S: 500 5.5.6
      C: AUTH PLAIN
      S: 334
      C: \(String(repeating: "A", count: 12_284))
      S: 535 5.7.8
      C: AUTH PLAIN
      S: 334
      C: \(String(repeating: "A", count: 12_287))
      S: 500 5.5.6
      C: NOOP \(String(repeating: "x", count: 12_287))
      S: 500 5.5.2
      C: NOOP
      S: 250
      """.replacing("S: 535", with: "-- wait 1\nS: 535"))
  }

  @Test func scram() async throws {
    let script = """
      C: AUTH SCRAM-SHA-256 \(base64(SCRAMExchangeTests.first))
      S: 334 \(base64(SCRAMExchangeTests.serverFirst))
      C: \(base64(SCRAMExchangeTests.final))
      S: 334 \(base64(SCRAMExchangeTests.serverFinal))
      C:
      S: 235 2.7.0
      """
    let dialogue = Self.dialogue(keys: try SCRAMExchangeTests.keys(), Self.scram)
    try await dialogue.play(Self.hello + script)
    try await dialogue.play(
      Self.hello
        + script.replacing(
          " SCRAM-SHA-256 \(base64(SCRAMExchangeTests.first))",
          with: " SCRAM-SHA-256\nS: 334 \nC: \(base64(SCRAMExchangeTests.first))"))
    // The same client, a user without keys: the same up to the salt, and 535 as for a wrong password.
    try await Self.dialogue(Self.scram).play(
      Self.hello + """
        C: AUTH SCRAM-SHA-256 \(base64(SCRAMExchangeTests.first))
        S: 334
        C: \(base64(SCRAMExchangeTests.final))
        -- wait 1
        S: 535 5.7.8
        C: AUTH SCRAM-SHA-256 \(base64("n,,n=user"))
        S: 501 5.5.2
        C: AUTH SCRAM-SHA-256 \(base64(SCRAMExchangeTests.first))
        S: 334
        C: *
        S: 501 5.7.0
        """)
  }

  @Test func plusIsOfferedOverTLSAlone() async throws {
    let dialogue = Self.dialogue(keys: try SCRAMExchangeTests.keys(), Self.scram + [SASLPlain()])
    dialogue.encryption.channelBindings.tlsExporter = [1, 2, 3]
    var client = SCRAMClient(password: "pencil")
    client.header = "p=tls-exporter,,"
    client.bindingData = [1, 2, 3]
    let final = client.final(SCRAMExchangeTests.serverFirst)
    let signature = String(decoding: Base64.encode(client.serverSignature), as: UTF8.self)
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250 *AUTH SCRAM-SHA-256 PLAIN
      C: AUTH SCRAM-SHA-256-PLUS
      S: 504 5.5.4
      C: STARTTLS
      S: 220
      C: EHLO client.example
      S: 250 *AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN
      C: AUTH SCRAM-SHA-256 \(base64("y,," + client.bare))
      -- wait 1
      S: 535 5.7.8
      C: AUTH SCRAM-SHA-256-PLUS \(base64(client.first))
      S: 334 \(base64(SCRAMExchangeTests.serverFirst))
      C: \(base64(final))
      S: 334 \(base64("v=" + signature))
      C:
      S: 235 2.7.0
      """)
  }

  @Test func tokensInBothForms() async throws {
    try await play(
      "C: AUTH OAUTHBEARER \(base64("n,a=user,\u{1}auth=Bearer good-token\u{1}\u{1}"))\nS: 235",
      [SASLBearer.oauthbearer])
    try await play(
      "C: AUTH XOAUTH2 \(base64("user=user\u{1}auth=Bearer good-token\u{1}\u{1}"))\nS: 235", [SASLBearer.xoauth2])
  }

  /// RFC 7628 §3.2.3: the failure is explained by a challenge, which the client answers.
  @Test func wrongTokensAreExplained() async throws {
    try await play(
      """
      C: AUTH OAUTHBEARER \(base64("n,a=user,\u{1}auth=Bearer bad-token\u{1}\u{1}"))
      -- silence
      -- wait 1
      S: 334 \(base64(#"{"status":"invalid_token"}"#))
      C: AQ==
      S: 535 5.7.8
      C: AUTH XOAUTH2 \(base64("user=user\u{1}auth=Bearer bad-token\u{1}\u{1}"))
      -- wait 2
      S: 334 \(base64(#"{"status":"401","schemes":"bearer"}"#))
      C:
      S: 535 5.7.8
      C: AUTH OAUTHBEARER \(base64("n,,\u{1}auth=Basic x\u{1}\u{1}"))
      S: 501 5.5.2
      """, [SASLBearer.oauthbearer, SASLBearer.xoauth2])
  }

  @Test func hooksThatFailAreTemporaryFailures() async throws {
    try await Self.dialogue(trouble: Citadel.Trouble(), Self.scram + [SASLPlain()]).play(
      Self.hello + """
        C: AUTH PLAIN \(base64("\0user\0pencil"))
        S: 454 4.7.0
        C: AUTH SCRAM-SHA-256 \(base64(SCRAMExchangeTests.first))
        S: 454 4.7.0
        C: NOOP
        S: 250
        """)
  }
}
