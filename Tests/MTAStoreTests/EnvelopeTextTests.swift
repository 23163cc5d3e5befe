import MTACore
import Testing

@testable import MTAStore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct EnvelopeTextTests {
  static func full() throws -> Envelope {
    var attributes = Attributes()
    attributes["example.org/text"] = .text("quotes \" \\ / \u{8}\u{c}\n\r\t\u{1} 😀 é\u{2028}")
    attributes["example.org/numbers"] = .list([
      .integer(.min), .integer(.max), .number(0.1), .number(-1.5e300), .flag(true),
    ])
    attributes["example.org/map"] = .map(["a": .map([:]), "b": .list([]), "c": .bytes([0, 127, 255]), "": .text("")])
    return Envelope(
      id: MailID(at: StoreFixture.noon, random: 7),
      reversePath: .mailbox(#""a \"b\" c"@client.example"#),
      recipients: [
        EnvelopeRecipient(
          Mailbox("büro@bücher.example"), client: ClientRecord(mailboxID: "m", ownerID: "o", delivery: .none)),
        EnvelopeRecipient(Mailbox("x@[IPv6:2001:db8::1]"), client: ClientRecord()),
        EnvelopeRecipient(Mailbox("y@[192.0.2.1]")),
      ], body: .eightBitMIME, smtpUTF8: true, authenticatedAs: Mailbox("me@client.example"), isSubmission: true,
      clientAddress: IPAddress("2001:db8::7"), receivedAt: StoreFixture.noon, attributes: attributes)
  }

  @Test func anEnvelopeWithAllFieldsComesBack() throws {
    let envelope = try Self.full()
    #expect(try EnvelopeText.decode(EnvelopeText.encode(envelope)) == envelope)
  }

  /// Our own way to write JSON says what Foundation's says, field by field, whatever fields envelopes have by then.
  @Test func theTextIsThatOfFoundation() throws {
    var envelope = try Self.full()
    envelope.hold = "because"
    envelope.senderClient = ClientRecord(mailboxID: "s", ownerID: "t", delivery: .remote)
    envelope.senderArrivals = [
      EnvelopeRecipient(
        Mailbox("r@test.example"), client: ClientRecord(mailboxID: "r"),
        forwardedFor: Mailbox("a@client.example")), EnvelopeRecipient(Mailbox("r@far.example")),
    ]
    envelope.recipients[0].forwardedFor = Mailbox("f@test.example")
    envelope.recipients[0].reversePath = .null
    envelope.hasForgedResults = true
    envelope.signers = ["a.example", "b\u{fc}cher.example"].compactMap { Domain($0, international: true) }
    envelope.requests.return = .headers
    envelope.requests.envelopeID = "e/1"
    envelope.requests.requireTLS = true
    envelope.requests.priority = -9
    envelope.requests.holdUntil = StoreFixture.noon
    envelope.requests.deliverBy = .init(deadline: StoreFixture.noon, mode: .notify, trace: true)
    envelope.recipients[0].notification = RecipientNotification(
      notify: [.success, .delay], originalRecipient: "rfc822;x")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let theirs = try encoder.encode(envelope)
    let ours = try EnvelopeText.encode(envelope)
    #expect(try EnvelopeText.decode(ours) == envelope)
    #expect(
      try encoder.encode(JSONDecoder().decode(AttributeValue.self, from: Data(ours.utf8)))
        == encoder.encode(JSONDecoder().decode(AttributeValue.self, from: theirs)))
    #expect(!ours.contains("\n"))
  }

  private struct Nesting: Encodable {
    enum Key: String, CodingKey { case list, object, parent, none, last }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: Key.self)
      var list = fields.nestedUnkeyedContainer(forKey: .list)
      try list.encode(1)
      var inner = list.nestedContainer(keyedBy: Key.self)
      try inner.encode(["a": [true, false]], forKey: .object)
      try list.encodeNil()
      var none = list.nestedUnkeyedContainer()
      _ = none.nestedUnkeyedContainer()
      var object = fields.nestedContainer(keyedBy: Key.self, forKey: .object)
      try object.encodeNil(forKey: .none)
      try [UInt8(7)].encode(to: fields.superEncoder(forKey: .parent))
      try fields.encode(-0.5, forKey: .last)
    }
  }

  /// What holds others ends where the one around it goes on.
  @Test func nestedContainersEndInTime() throws {
    #expect(
      try CompactJSON.encode(Nesting())
        == #"{"list":[1,{"object":{"a":[true,false]}},null,[[]]],"object":{"none":null},"parent":[7],"last":-0.5}"#)
  }

  private struct Nothing: Encodable { func encode(to encoder: any Encoder) {} }

  @Test func aValueThatEncodesNothingIsRefused() {
    #expect(throws: EncodingError.self) { try CompactJSON.encode(["a": Nothing()]) }
  }

  @Test func aBareEnvelopeComesBack() throws {
    let envelope = Envelope(
      id: MailID(at: StoreFixture.noon, random: 7), reversePath: .null,
      recipients: [EnvelopeRecipient(Mailbox("a@b.example"))],
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
