import MTACore
import MTAReceiver
import MTATestSupport
import Testing

/// Mail that comes back to a mailbox that forwarded it.
@Suite struct ForwardingLoopTests {
  static let forwards = [
    "info": ["b@far.example"], "+copy": ["b@far.example"], "all": ["info", "coco"], "other": ["b@far.example"],
  ]

  /// The answer to a mail with these fields, and what was kept of it.
  private func outcome(
    _ fields: [String], to recipients: [String], expecting reply: String, _ chunking: Dialogue.Chunking = .lines
  ) async throws -> [String] {
    let dialogue = Hamlet.dialogue(Self.forwards)
    try await dialogue.play(
      ForwardingTests.opening() + recipients.map { "C: RCPT TO:<\($0)@test.example>\nS: 250\n" }.joined()
        + "C: DATA\nS: 354\n" + fields.map { "C: \($0)\n" }.joined()
        + "C:\nC: text\nC: .\nS: \(reply)\nC: NOOP\nS: 250",
      chunking: chunking)
    #expect(dialogue.store.openSpools == 0)
    return dialogue.store.copies.map { String($0.prefix { $0 != " " }) }
  }

  @Test(arguments: [
    "Delivered-To: info@test.example", "DELIVERED-TO: Info@TEST.example", "Delivered-To:\\r\\n\\tinfo@test.example",
    "Delivered-To : info@test.example ", #"Delivered-To: "info"@test.example"#,
  ])
  func aMailComesByOnce(field: String) async throws {
    for chunking in [Dialogue.Chunking.lines, .bytes(1), .glued] {
      let kept = try await outcome(
        ["Subject: x", field, "To: x@y.example"], to: ["info"], expecting: "554 5.4.6", chunking)
      #expect(kept.isEmpty)
    }
  }

  @Test(arguments: [
    "Delivered-To: other-info@test.example", "Delivered-To: info@elsewhere.example", "Delivered-To: coco@test.example",
    "X-Delivered-To: info@test.example", "Delivered-To: info@test.example, x@y.example",
  ])
  func othersFieldsDoNotCount(field: String) async throws {
    #expect(try await outcome([field], to: ["info"], expecting: "250") == ["b@far.example"])
  }

  /// Neither a copy that stays, nor one on the way over another mailbox.
  @Test func nothingOfItIsDeliveredTwice() async throws {
    #expect(try await outcome(["Delivered-To: copy@test.example"], to: ["copy"], expecting: "554 5.4.6").isEmpty)
    #expect(
      try await outcome(
        ["Delivered-To: info@test.example"], to: ["all"], expecting: "250 *but not for <all@test.example>")
        == ["coco@test.example"])
    #expect(try await outcome(["Delivered-To: all@test.example"], to: ["all"], expecting: "554 5.4.6").isEmpty)
  }

  /// A mailbox that forwards nowhere may be named by the field: others' forwards have led there.
  @Test func plainMailboxesTakeIt() async throws {
    #expect(
      try await outcome(["Delivered-To: mike@test.example"], to: ["mike"], expecting: "250") == ["mike@test.example"])
  }

  @Test func otherRecipientsGetTheirs() async throws {
    #expect(
      try await outcome(
        ["Delivered-To: info@test.example"], to: ["info", "mike"], expecting: "250 *but not for <info@test.example>")
        == ["mike@test.example"])
    // One copy for two forwarders: it still goes for the other one.
    #expect(
      try await outcome(["Delivered-To: info@test.example"], to: ["info", "other"], expecting: "250 2.0.0 queued as")
        == ["b@far.example"])
  }

  @Test func aRedirectOfTheWholeMailIsHeldToIt() async throws {
    #expect(
      try await outcome(
        ["X-Redirect: info", "Delivered-To: info@test.example"], to: ["mike"], expecting: "554 5.4.6"
      ).isEmpty)
  }

  /// Each recipient and each field, once for the other: hours, if it were so.
  @Test func manyOfBothCostLittle() async throws {
    let dialogue = Hamlet.dialogue(["bomb": (0..<100).map { "t\($0)@far.example" }])
    let opening = ForwardingTests.opening() + "C: RCPT TO:<bomb@test.example>\nS: 250\nC: DATA\nS: 354\n"
    let fields = (0..<1900).map { "C: Delivered-To: u\($0)@test.example\n" }.joined()
    try await dialogue.play(opening + fields + "C: .\nS: 250")
    #expect(dialogue.store.copies.count == 100)
  }
}
