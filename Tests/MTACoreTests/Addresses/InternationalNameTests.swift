import MTACore
import Testing

struct InternationalNameTests {
  @Test(arguments: [
    ("bücher.example", "xn--bcher-kva.example"), ("Bücher.EXAMPLE", "xn--bcher-kva.example"),
    ("faß.de", "xn--fa-hia.de"), ("βόλος.com", "xn--nxasmm1c.com"), ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ("почта.рф", "xn--80a1acny.xn--p1ai"), ("ଓଡ଼ିଆ.example", "xn--8gcz5b7fpa.example"),
    ("paral·lel.example", "xn--parallel-koa.example"),
    ("コンニチハ・セカイ", "xn--ecknx6a3a3d3a9zrc"), ("٣٤.example", "xn--cibc.example"), ("한국.kr", "xn--3e0b707e.kr"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("bücher.example.", "xn--bcher-kva.example"),
    ("_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example"), ("plain.example", "plain.example"),
  ])
  func becomesALabels(_ text: String, _ expected: String) {
    #expect(DNSName(international: text)?.description == expected)
  }

  /// What would need mapping, what IDNA 2008 disallows, and what stands where it may not.
  @Test(arguments: [
    "BÜCHER.example", "ｂücher.example", "ﬁn-ü.example", "☃.example", "😀.example", "a\u{200d}ü.example",
    "\u{0301}a.example", "-ü.example", "ü-.example", "ab--ü.example", "ü·l.example", "٣۴.example", "・ü.example",
    "e\u{00ad}ü.example", "ü。example", "ü..example", ".ü", "ü ü.example", "ü\\.example", "\u{1100}\u{1161}.example",
    String(repeating: "ü", count: 64) + ".example", String(repeating: "ü.", count: 200),
  ])
  func refuses(_ text: String) { #expect(DNSName(international: text) == nil) }

  @Test func domainsAskForTheirALabels() {
    #expect(Domain("Bücher.example", international: true)?.dnsName == DNSName("xn--bcher-kva.example"))
    #expect(Domain("☃.example", international: true)?.dnsName == nil)
    #expect(Domain("example.org").dnsName == DNSName("example.org"))
    #expect(Domain("[192.0.2.1]").dnsName == nil)
  }
}
