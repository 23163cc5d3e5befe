import MTACore
import Testing

@testable import MTAStore

@Suite struct EnvelopeTextTests {
  static func full() throws -> Envelope {
    var attributes = Attributes()
    attributes["example.org/text"] = .text("quotes \" \\ / \u{8}\u{c}\n\r\t\u{1} 😀 é\u{2028}")
    attributes["example.org/numbers"] = .list([
      .integer(.min), .integer(.max), .number(0.1), .number(-1.5e300), .flag(true),
    ])
    attributes["example.org/map"] = .map(["a": .map([:]), "b": .list([]), "c": .bytes([0, 127, 255]), "": .text("")])
    return try Envelope(
      id: MailID(at: StoreFixture.noon, random: 7),
      reversePath: .mailbox(#require(Mailbox(#""a \"b\" c"@client.example"#))),
      recipients: [
        EnvelopeRecipient(
          #require(Mailbox("büro@bücher.example")), client: ClientRecord(mailboxID: "m", ownerID: "o", delivery: .none)),
        EnvelopeRecipient(#require(Mailbox("x@[IPv6:2001:db8::1]")), client: ClientRecord()),
        EnvelopeRecipient(#require(Mailbox("y@[192.0.2.1]"))),
      ], body: .eightBitMIME, smtpUTF8: true, authenticatedAs: Mailbox("me@client.example"), isSubmission: true,
      clientAddress: IPAddress("2001:db8::7"), receivedAt: StoreFixture.noon, attributes: attributes)
  }

  @Test func anEnvelopeWithAllFieldsComesBack() throws {
    let envelope = try Self.full()
    #expect(try EnvelopeText.decode(EnvelopeText.encode(envelope)) == envelope)
  }

  @Test func aBareEnvelopeComesBack() throws {
    let envelope = try Envelope(
      id: MailID(at: StoreFixture.noon, random: 7), reversePath: .null,
      recipients: [EnvelopeRecipient(#require(Mailbox("a@b.example")))],
      receivedAt: StoreFixture.noon)
    #expect(try EnvelopeText.decode(EnvelopeText.encode(envelope)) == envelope)
  }

  @Test func whatIsNoNumberIsRefused() throws {
    var envelope = try Self.full()
    envelope.attributes["example.org/nan"] = .number(.nan)
    #expect(throws: StoreFailure.self) { try EnvelopeText.encode(envelope) }
  }

  @Test(arguments: ["", "{", "[]", "{}", #"{"id":"x"}"#]) func otherTextIsRefused(_ text: String) {
    #expect(throws: StoreFailure.self) { try EnvelopeText.decode(text) }
  }
}
