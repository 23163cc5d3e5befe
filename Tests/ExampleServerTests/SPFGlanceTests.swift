import MTACore
import MTATestSupport
import Testing

@testable import MTACommands

/// The direct terms of an SPF record.
@Suite struct SPFGlanceTests {
  private func verdict(_ record: String, on address: String = "192.0.2.7") async throws -> SPFGlance.Verdict {
    let zone = try LiteralZone(
      """
      test.example MX 10 mx.test.example
      test.example A 192.0.2.80
      mx.test.example A 192.0.2.7
      mx.test.example AAAA 2001:db8::7
      broken.example SERVFAIL
      """)
    #expect(SPFGlance.isRecord(Array(record.utf8)))
    let glance = SPFGlance(record: Array(record.utf8), domain: "test.example", dns: zone)
    return await glance.verdict(on: try #require(IPAddress(address)))
  }

  @Test(arguments: [
    "v=spf1 mx -all", "v=spf1 MX -ALL", "v=spf1 ip4:192.0.2.7 -all", "v=spf1 ip4:192.0.2.0/24", "v=spf1 +all",
    "v=spf1 a/24 -all", "v=spf1 a:mx.test.example", "v=spf1  include:x.example mx:test.example/32//64 -all",
    "v=spf1 exp=x.example mx new=modifier -all", "v=spf1 ip6:2001:db8::/32 ip4:192.0.2.7",
  ])
  func recordsThatNameTheAddressPass(_ record: String) async throws {
    #expect(try await verdict(record) == .passes)
  }

  @Test func anAddressOfVersionSixIsFoundToo() async throws {
    #expect(try await verdict("v=spf1 mx -all", on: "2001:db8::7") == .passes)
    #expect(try await verdict("v=spf1 ip6:2001:db8::/32 -all", on: "2001:db8::7") == .passes)
    #expect(try await verdict("v=spf1 ip4:192.0.2.7 -all", on: "2001:db8::7") == .fails)
  }

  @Test(arguments: ["v=spf1", "v=spf1 -all", "v=spf1 a ~all", "v=spf1 -mx +all", "v=spf1 ?ip4:192.0.2.7 +all"])
  func recordsThatDoNotNameItFail(_ record: String) async throws { #expect(try await verdict(record) == .fails) }

  @Test func termsOfOtherDomainsAreNotLookedInto() async throws {
    #expect(try await verdict("v=spf1 include:spf.example -all") == .unseen("include:spf.example"))
    #expect(try await verdict("v=spf1 redirect=spf.example") == .unseen("redirect=spf.example"))
    #expect(try await verdict("v=spf1 a:%{d} -all") == .unseen("a:%{d}"))
  }

  @Test func aLookUpThatFailsIsNoVerdict() async throws {
    #expect(try await verdict("v=spf1 a:broken.example -all") == .failure(.serverFailure(code: 2)))
  }

  @Test(arguments: [
    "v=spf1 ip4: -all", "v=spf1 ip4:192.0.2.300", "v=spf1 ip4", "v=spf1 pigeon", "v=spf1 a:mx.test.example:25",
    "v=spf1 \u{0}", "v=spf1 é",
  ])
  func otherTextIsMalformedOrNotSeen(_ record: String) async throws {
    switch try await verdict(record) {
    case .malformed, .unseen: break
    case let other: Issue.record("\(other)")
    }
  }

  @Test func theWorkIsBounded() async throws {
    let many = "v=spf1" + String(repeating: " a:x.example", count: 11)
    #expect(try await verdict(many) == .malformed)
    #expect(try await verdict("v=spf1" + String(repeating: " exp=x", count: 101)) == .malformed)
    #expect(try await verdict("v=spf1 " + String(repeating: "a", count: 5000)) == .malformed)
  }

  @Test(arguments: ["v=spf10 mx", "spf1", " v=spf1", ""])
  func otherTextsAreNoRecords(_ text: String) { #expect(!SPFGlance.isRecord(Array(text.utf8))) }

  @Test func tagsAreReadAsOctets() {
    #expect(TagText(Array("v=DMARC1; p = reject ;".utf8))?["p"]?.elementsEqual("reject".utf8) == true)
    for text in ["", ";", "v", "=x", "v=", "v=1;;p=x", String(repeating: "a=b;", count: 65)] {
      #expect(TagText(Array(text.utf8)) == nil, "\(text)")
    }
    #expect(TagText([0x76, 0x3D, 0xFF, 0x00])?["v"].map(Array.init) == [0xFF, 0x00])
    for (text, isFine) in [("mailto:a@b, https://c/d", true), ("mailto:a", false), ("mailto:a@b,", false), ("", false)]
    {
      #expect(TagText.areAddresses(Array(text.utf8)[...]) == isFine, "\(text)")
    }
  }
}
