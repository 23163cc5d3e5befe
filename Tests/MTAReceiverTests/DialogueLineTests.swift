import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTAReceiver

/// What a log sees of a dialogue.
@Suite struct DialogueLineTests {
  /// What the log has of these lines of a client, which are said after EHLO.
  private func logged(_ lines: [String], change: (inout Dialogue) -> Void = { _ in }) async throws -> [String] {
    let shown = NIOLockedValueBox<[String]>([])
    var dialogue = Dialogue(hooks: Village())
    dialogue.configuration.allowsAuthInClear = true
    dialogue.configuration.maximumErrors = 100
    let tap = Observers<ReceiverNews>.Tap(watchesDialogue: true) { event in
      guard case .said(let line) = event else { return }
      shown.withLockedValue { $0.append("\(line.side.rawValue): \(line.text)") }
    }
    dialogue.taps = [tap]
    change(&dialogue)
    let connection = try await dialogue.connect()
    try await connection.send(ByteBuffer(string: "EHLO client.example\r\n"))
    shown.withLockedValue { $0 = [] }
    for line in lines { try await connection.send(ByteBuffer(string: line + "\r\n")) }
    try await connection.hangUp()
    return shown.withLockedValue(\.self)
  }

  private static let secret = "c2VjcmV0cGFzc3dvcmQ="

  /// R19: no spelling of AUTH, right or wrong, brings credentials into a log, nor does any other line that is no command in its place.
  @Test(arguments: [
    ["AUTH PLAIN \(secret)"], ["auth plain \(secret)"], ["AUTH\tPLAIN\t\(secret)"], ["AUTH PLAIN=\(secret)"],
    ["AUTH  PLAIN  \(secret)"], ["AUTH\(secret)"], ["AUTH \(secret)"], ["AUTHPLAIN \(secret)"],
    ["AUTH=PLAIN \(secret)"],
    ["AUTH X-OWN \(secret)"], [" AUTH PLAIN \(secret)"], ["A UTH PLAIN \(secret)"], ["XAUTH \(secret)"],
    // In answer to nothing: the exchange was refused, or never begun.
    ["AUTH CRAM-MD5", secret], [secret], ["AUTH LOGIN", "*", secret], ["AUTH LOGIN", "not base64", secret],
    ["AUTH LOGIN", secret, secret, secret, secret], ["MAIL FROM:<a@client.example>", "AUTH PLAIN \(secret)"],
    // As the argument of what takes one, or takes none.
    ["NOOP \(secret)"], ["HELP \(secret)"], ["VRFY \(secret)"], ["EXPN \(secret)"], ["RSET \(secret)"],
    ["QUIT \(secret)"],
    ["DATA \(secret)"], ["STARTTLS \(secret)"], ["RCPT TO:<a@b> \(secret)"], ["RCPT \(secret)"], ["MAIL \(secret)"],
    ["MAIL FROM:<a@client.example> \(secret)"], ["BDAT \(secret)"], ["PASS \(secret)"], ["USER a", "PASS \(secret)"],
    ["\u{1}\(secret)"], [String(repeating: secret, count: 1000)],
  ])
  func noSecretIsShown(lines: [String]) async throws {
    let shown = try await logged(lines)
    let letters = Self.secret.prefix(8)
    #expect(!shown.contains { $0.contains(letters) || $0.lowercased().contains(letters.lowercased()) }, "\(shown)")
    #expect(shown.contains { $0.hasPrefix("C: ") }, "something is said of it")
  }

  @Test(arguments: [
    ("MAIL FROM:<a@client.example> SIZE=5", "C: MAIL FROM:<a@client.example> SIZE=5"), ("NOOP", "C: NOOP"),
    ("NOOP 12345", "C: NOOP (6 octets)"), ("FROB it", "C: (7 octets)"), ("RCPT TO:<a@b.example>", "C: (21 octets)"),
    ("AUTH PLAIN", "C: AUTH PLAIN"), ("AUTH PLAIN AGEAYg==", "C: AUTH PLAIN (credentials)"), ("AUTH", "C: (4 octets)"),
    ("EHLO other.example", "C: EHLO other.example"),
  ])
  func onlyCommandsInTheirPlaceAreShown(line: String, shown: String) async throws {
    #expect(try await logged([line]).first { $0.hasPrefix("C: ") } == shown)
  }
}
