import MTACore
import MTATestSupport
import Testing

/// A server whose own domain is `bücher.example`, whatever way it and its clients spell it.
@Suite struct NamesInOneFormTests {
  /// Tables by text, as adopters have them, and by mailbox.
  private struct Bookshop: ReceiverHooks {
    static let hashes = ["bob@xn--bcher-kva.example": "my-password"]

    mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
      let address = mailbox.caseFolded.description
      return Self.hashes[address].map { _ in ClientRecord(mailboxID: address, ownerID: address) }
    }

    mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
      guard let mailbox = credentials.mailbox, Self.hashes[mailbox.caseFolded.description] == credentials.password
      else { return nil }
      return try await clientLookup(mailbox)
    }
  }

  static let spellings = [
    "bob@bücher.example", "Bob@xn--bcher-kva.example.", "BOB@BÜCHER.Example", "bob@XN--BCHER-KVA.example",
  ]

  private func dialogue(home: String) throws -> Dialogue {
    let domain = try #require(Domain(home, international: true))
    let dialogue = Dialogue(hooks: Bookshop())
    dialogue.configuration = SessionConfiguration(
      serverName: "mx.test.example", postmaster: try #require(Mailbox("postmaster@" + home)), localDomains: [domain],
      memberPorts: nil)
    dialogue.configuration.greetingRules = []
    dialogue.configuration.honours = .all
    dialogue.configuration.allowsAuthInClear = true
    return dialogue
  }

  @Test(arguments: ["bücher.example", "xn--bcher-kva.example"], [Dialogue.Chunking.lines, .bytes(1), .glued])
  func recipientsOfOurDomain(home: String, chunking: Dialogue.Chunking) async throws {
    let dialogue = try dialogue(home: home)
    let recipients = Self.spellings.map { "C: RCPT TO:<\($0)>\nS: 250 2.1.5\n" }.joined()
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@c.test> SMTPUTF8
      S: 250
      \(recipients)C: RCPT TO:<postmaster@BÜCHER.example.>
      S: 250 2.1.5
      C: RCPT TO:<nobody@bücher.example>
      S: 550 5.1.1
      C: RCPT TO:<bob@bucher.example>
      S: 550 5.7.1 this server does not support relaying
      C: DATA
      S: 354
      C: .
      S: 250
      """, chunking: chunking)
    // One member, however often and however spelled.
    #expect(dialogue.store.mails.first?.envelope.recipients.count == 2)
  }

  @Test(arguments: spellings) func logins(name: String) async throws {
    for identity in [""] + Self.spellings {
      let response = Base64.encode(Array("\(identity)\0\(name)\0my-password".utf8))
      try await dialogue(home: "bücher.example").play(
        """
        S: 220
        C: EHLO client.example
        S: 250
        C: AUTH PLAIN \(String(decoding: response, as: UTF8.self))
        S: 235
        C: MAIL FROM:<\(Self.spellings[0])> SMTPUTF8
        S: 250
        """)
    }
  }
}
