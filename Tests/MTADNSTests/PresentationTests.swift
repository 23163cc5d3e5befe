import MTACore
import Testing

struct PresentationTests {
  /// Written again as they were read.
  @Test(arguments: [
    "example.org. 300 IN A 192.0.2.1", "example.org. 0 IN AAAA 2001:db8::1", "example.org. 1 IN MX 10 mx.example.",
    ". 1 IN NS a.root.example.", "null.example. 1 IN MX 0 .", #"t.example. 1 IN TXT "a b" "" "\"\\;\200""#,
    #"a\.b.example. 1 IN CNAME a\032b.example."#, #"\;\"\(\@\$.example. 1 IN MX 1 a\;b."#,
    "_25._tcp.mx.example. 1 IN TLSA 3 1 1 00ff",
    "_smtp._tcp.example. 1 IN SRV 0 5 25 mx.example.", #"example. 1 IN CAA 0 iodef "mailto:a@example""#,
    "example. 1 IN SOA ns.example. host.example. 1 2 3 4 4294967295", "1.2.0.192.in-addr.arpa. 1 IN PTR mx.example.",
  ])
  func roundTrip(_ line: String) throws {
    let record = try #require(DNSRecord(line))
    let normal = line.replacing(#"\."#, with: #"\046"#)
    #expect(record.description == normal)
    #expect(DNSRecord(record.description) == record)
  }

  @Test func looseForms() throws {
    #expect(DNSRecord("Example.ORG mx 10 MX.example")?.description == "example.org. 300 IN MX 10 mx.example.")
    #expect(DNSRecord("a.example A 192.0.2.1 ; a comment")?.description == "a.example. 300 IN A 192.0.2.1")
    #expect(DNSRecord("a.example TXT v=spf1 -all")?.data == .text([Array("v=spf1".utf8), Array("-all".utf8)]))
    #expect(
      DNSRecord("a.example TLSA 3 1 1 00ff 0102")?.data
        == .tlsa(usage: 3, selector: 1, matching: 1, data: [0, 255, 1, 2]))
    let key = String(repeating: "k", count: 600)
    guard case .text(let strings) = try #require(DNSRecord("k.example TXT \"\(key)\"")).data else {
      Issue.record("no text")
      return
    }
    #expect(strings.map(\.count) == [255, 255, 90])
  }

  @Test(arguments: [
    "", "example", "example A", "example A 192.0.2.1 192.0.2.2", "example A 2001:db8::1",
    "example AAAA ::ffff:192.0.2.1",
    "example MX 10", "example MX x y", "example TXT", #"example TXT "open"#, #"example TXT "a\"#,
    #"example TXT "\256""#,
    #"example TXT \1"#, "example TLSA 3 1 1 0", "example TLSA 3 1 1 zz", "example SRV 1 2 70000 a",
    "example SOA a b 1 2 3 4",
    "example CH A 192.0.2.1", "-1 A", "a..b A 192.0.2.1", "example 4294967296 A 192.0.2.1",
  ])
  func refused(_ line: String) { #expect(DNSRecord(line) == nil) }

  @Test func typesByName() {
    for type in DNSRecordType.allCases { #expect(DNSRecordType(mnemonic: type.mnemonic.lowercased()) == type) }
    #expect(DNSRecordType(mnemonic: "TXTX") == nil)
    #expect(DNSRecordType(mnemonic: "") == nil)
  }
}
