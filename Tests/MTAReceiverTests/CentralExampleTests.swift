import Foundation
import MTACore
import MTAReceiver
import MTATestSupport
import Testing

struct User {
  let id: String
  let owner: String
  let hash: String
}

struct Shop { let users: [Mailbox: User] }

extension Shop: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    users[mailbox.caseFolded].map { ClientRecord(mailboxID: $0.id, ownerID: $0.owner) }
  }
  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    let user = credentials.mailbox.flatMap { users[$0.caseFolded] }
    // Without a user a password is hashed all the same, so that the answer does not tell who exists.
    guard try await credentials.match(cryptHash: user?.hash), let user else { return nil }
    return ClientRecord(mailboxID: user.id, ownerID: user.owner)
  }
}

/// The example that stands over `ReceiverHooks`, above: compiled, and played.
@Suite struct CentralExampleTests {
  @Test func itIsTheOneOfTheProtocol() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let source = try String(
      contentsOf: folder.appending(path: "../../Sources/MTACore/Hooks/ReceiverHooks.swift"), encoding: .utf8)
    let opening = try #require(source.range(of: "/// ```swift\n"))
    let closing = try #require(source[opening.upperBound...].range(of: "/// ```\n"))
    let example = source[opening.upperBound..<closing.lowerBound].split(separator: "\n")
      .map { $0.dropFirst(3).drop { $0 == " " } }.filter { !$0.isEmpty }
    let here = Set(
      try String(contentsOfFile: #filePath, encoding: .utf8).split(separator: "\n").map { $0.drop { $0 == " " } })
    #expect(example.count > 10)
    for line in example { #expect(here.contains(line), "\(line)") }
  }

  @Test func knownAndUnknownUsersGetTheSameAnswer() async throws {
    let ann = Mailbox("ann@test.example")
    // Of "my-password".
    let user = User(id: "1", owner: "1", hash: "$5$BsHk6IIvndgdBmo9$iuO6WMaXzgzpGmGreV4uiH72VRGG1USNK/e5tL7P9jC")
    let dialogue = Dialogue(hooks: Shop(users: [ann: user]))
    dialogue.configuration.allowsAuthInClear = true
    dialogue.contacts.neverProhibit = [try #require(Network("192.0.2.0/24"))]
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN \(Self.plain("ann@test.example", "wrong"))
      S: 535 5.7.8
      C: AUTH PLAIN \(Self.plain("nobody@test.example", "wrong"))
      S: 535 5.7.8
      C: AUTH PLAIN \(Self.plain("ANN@test.example", "my-password"))
      S: 235
      C: MAIL FROM:<ann@test.example>
      S: 550 5.7.1 members must use port 2587
      """)
  }

  private static func plain(_ name: String, _ password: String) -> String {
    Data("\0\(name)\0\(password)".utf8).base64EncodedString()
  }
}
