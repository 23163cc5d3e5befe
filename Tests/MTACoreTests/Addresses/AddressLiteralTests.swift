import MTACore
import Testing

/// Addresses that stand in a program's source, and those that ought to be one.
@Suite struct AddressLiteralTests {
  @Test func addressesAreWrittenAsTheyAre() {
    let domains: [Domain] = ["shop.example", "B\u{fc}cher.Example.", "[192.0.2.1]", "[IPv6:2001:db8::1]"]
    #expect(
      domains.map(\.canonical.description) == [
        "shop.example", "xn--bcher-kva.example", "[192.0.2.1]", "[IPv6:2001:db8::1]",
      ])
    let mailbox: Mailbox = "\"john smith\"@Shop.example"
    #expect(mailbox.localPart == "john smith" && mailbox.domain == "shop.example")
    #expect(Mailbox("ann@shop.example") == "ann@SHOP.example")
    let name: DNSName = "_25._tcp.mx.shop.example."
    #expect(name.description == "_25._tcp.mx.shop.example")
    let table: [Mailbox: String?] = ["ann@shop.example": nil]
    #expect(table.keys.contains("ann@shop.example"))
  }

  /// A wrong address is no nil, which would equal the mailbox of the null sender.
  @Test func aTypingErrorEndsTheProgramWithTheText() async {
    let mailbox = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ReversePath.null.mailbox == Mailbox("boss@rival,example")
    }
    #expect(
      mailbox.map { String(decoding: $0.standardErrorContent, as: UTF8.self) }?.contains(
        "\"boss@rival,example\" is no mailbox") == true)
    await #expect(processExitsWith: .failure) { _ = ["shop..example"] as [Domain] }
    await #expect(processExitsWith: .failure) { _ = "b\u{fc}cher.example" as DNSName }
  }

  @Test(arguments: ["", "ann", "ann@", "@shop.example", "ann@shop..example", "ann@shop.example ", "<ann@shop.example>"])
  func whatIsNoMailboxIsAnError(text: String) {
    #expect(Mailbox(text) == nil)
    let failure = #expect(throws: AddressFailure.self) { try Mailbox(validating: text) }
    #expect(failure?.description == "\"\(text)\" is no mailbox")
  }

  @Test func whatIsNoDomainIsAnError() throws {
    #expect(try Domain(validating: "b\u{fc}cher.example").dnsName == "xn--bcher-kva.example")
    #expect(try DNSName(validating: "shop.example").isHostName)
    #expect(try Mailbox(validating: "ann@shop.example").localPart == "ann")
    let domain = #expect(throws: AddressFailure.self) { try Domain(validating: "-shop.example") }
    #expect(domain?.description == "\"-shop.example\" is no domain")
    let name = #expect(throws: AddressFailure.self) { try DNSName(validating: "shop example") }
    #expect(name?.description == "\"shop example\" is no domain name")
    // One line, and not all of a text that somebody else made long.
    let long = #expect(throws: AddressFailure.self) {
      try Mailbox(validating: "a\nb\u{1b}" + String(repeating: "c", count: 1000))
    }
    #expect(long.map { !$0.description.contains("\n") && $0.description.utf8.count < 150 } == true)
  }

  @Test func sendersAreOfADomain() {
    let sender = ReversePath.mailbox("boss@B\u{fc}cher.example")
    #expect(sender.isFrom("xn--bcher-kva.example") && sender.isFrom("B\u{dc}CHER.example."))
    #expect(!sender.isFrom("rival.example") && !sender.isFrom("example"))
    #expect(!ReversePath.mailbox("boss@sub.rival.example").isFrom("rival.example"))
    #expect(!ReversePath.null.isFrom("rival.example"))
  }
}
