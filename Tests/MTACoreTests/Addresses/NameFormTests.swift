import MTACore
import MTATestSupport
import Testing

/// Names compare in one form, whatever their spelling (RFC 5890 §2.3.2.4).
@Suite struct NameFormTests {
  private static func domain(_ text: String) throws -> Domain {
    try #require(Domain(text, international: true), "\(text)")
  }

  @Test(arguments: [
    [
      "bücher.example", "BÜCHER.example", "Bücher.Example.", "bu\u{308}cher.example", "BU\u{308}CHER.EXAMPLE",
      "XN--BCHER-KVA.example",
      "xn--bcher-kva.EXAMPLE.", "ｂücher。example",
    ],
    ["例え.テスト", "xn--r8jz45g.xn--zckzah", "例え。テスト."], ["ПОЧТА.рф", "почта.РФ", "xn--80a1acny.xn--p1ai"],
    ["tệ.example", "TE\u{323}\u{302}.example", "xn--t-7wm.example"], ["example.org", "EXAMPLE.Org", "example.org."],
    ["[192.0.2.1]", "[192.0.2.1]"], ["[IPv6:2001:DB8::1]", "[ipv6:2001:db8:0::1]"],
  ])
  func spellingsOfOneName(spellings: [String]) throws {
    let first = try Self.domain(spellings[0])
    for spelling in spellings {
      let other = try Self.domain(spelling)
      #expect(other == first && Set([other]).contains(first), "\(spelling)")
      #expect(other.canonical.description == first.canonical.description, "\(spelling)")
      #expect(other.dnsName == first.dnsName)
      let login = try #require(Mailbox("Bob@" + spelling))
      #expect(login.caseFolded.description == Mailbox("bob@" + spellings[0])?.caseFolded.description)
      #expect(Mailbox("bob@" + spelling) == Mailbox("bob@" + spellings[0]))
    }
  }

  @Test func namesOfOthersStayApart() throws {
    let names = [
      "bücher.example", "bucher.example", "xn--bcher-kvb.example", "faß.de", "fass.de", "☃.example", "☄.example",
    ]
    let domains = try names.map(Self.domain)
    #expect(Set(domains).count == names.count)
    // Greek capitals have one small sigma, and the name keeps its own.
    #expect(try Self.domain("βόλος.com") != Self.domain("βόλοσ.com"))
  }

  /// Names made by chance, in spellings made by chance.
  @Test func anySpellingIsEqual() throws {
    var random = SeededGenerator(seed: 11)
    let letters = Array("abcxyz019äöüßéñçåøčžłαβγδабвгдж日本語한국".unicodeScalars)
    for _ in 0..<500 {
      let labels = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        String(
          String.UnicodeScalarView(
            (0..<Int.random(in: 1...9, using: &random)).compactMap { _ in letters.randomElement(using: &random) }))
      }
      let name = labels.joined(separator: ".")
      guard let domain = Domain(name, international: true), let ascii = domain.dnsName else { continue }
      var spelling = ""
      for (index, label) in labels.enumerated() {
        let isEncoded = Bool.random(using: &random)
        let shown = isEncoded ? String(ascii.description.split(separator: ".")[index]) : label
        for scalar in shown.unicodeScalars {
          // A sharp s has no capital that leads back to it.
          let isUpper = scalar != "ß" && Bool.random(using: &random)
          spelling += isUpper ? scalar.properties.uppercaseMapping : String(scalar)
        }
        if index < labels.count - 1 || Bool.random(using: &random) { spelling += "." }
      }
      let other = try Self.domain(spelling)
      #expect(other == domain && other.hashValue == domain.hashValue, "\(spelling) is not \(name)")
      #expect(other.canonical.description == ascii.description)
    }
  }

  @Test func spellingIsKept() throws {
    #expect(try Self.domain("Bücher.Example.").description == "bücher.example")
    #expect(Mailbox("Jörg@bücher.example").description == "Jörg@bücher.example")
    #expect(Mailbox("JO\u{308}RG@BÜCHER.example").caseFolded.description == "jörg@xn--bcher-kva.example")
  }

  @Test(arguments: [
    "", ".", "..", "a..", ".a", "a@b", "a b", "\u{202e}a.example", "ü\u{2028}.example", "ü\u{85}.example",
  ])
  func noNames(text: String) { #expect(Domain(text, international: true) == nil) }

  /// RFC 5891 §4.2.3, §5.4; RFC 5893 §2.
  @Test(arguments: [
    // Full stops of other scripts are full stops.
    "。．.example", "a。。example", "。a", "a.．b", "｡", "a。.", "a.example。.", "ü.example..",
    // A mark follows a letter, and no label is marks alone.
    "\u{301}", "\u{301}a.example", "a.\u{301}", "a。\u{301}b", "\u{903}\u{903}.example", "\u{20dd}a.example",
    "\u{fe0f}.example",
    "\u{200d}ü.example", "\u{200c}.example",
    "-ü.example", "ü-.example", "－ü.example", "ab--ü.example", "ü-\u{301}--.example",
    // A-labels that stand for nothing, or for what is no label, or are not the one form of it.
    "xn--", "xn--.example", "xn--a.example", "xn--0.example", "XN--A.example", "xn--a-.example", "xn--abc-.example",
    "xn--bcher-kva9.example", "xn--99999999.example", "xn--zzzzzzzzzzzz.example", "ｘｎ--a.example", "xn--ü.example",
    "xn--bcher-KVA-.example",
    // Letters of two directions, or a label that ends in a mark of none.
    "אa.example", "aא.example", "א-.example", "ا٣4.example", "1א.example", "אß.example", "א日.example",
    // What is mapped to ASCII that no name has, and what is not seen.
    "a＠b.example", "a／b.example", "a\u{2024}b.example", "a\u{fe52}b.example", "⒈example", "a\u{a0}b.example",
    "a\u{3000}b.example",
    "a\u{e000}b.example",
    // Longer in the DNS than a label may be.
    String(String.UnicodeScalarView((0..<20).compactMap { Unicode.Scalar(0x4e00 + $0 * 1000) })) + ".example",
  ])
  func namesThatNoneCanBe(text: String) {
    #expect(Domain(text, international: true) == nil)
    #expect(Mailbox("a@" + text) == nil)
  }

  /// Those that look odd, and are.
  @Test(arguments: [
    "אבג.example", "א1.example", "מ-ל.example", "نامهای.example", "نامه\u{200c}ای.example", "ا٣.example",
    "क\u{93f}.example",
    "نا\u{64b}.example", "☃.example", "i❤.example", "a\u{301}.example", "r3---sn.example", "ab--cd.example",
    "xn--bcher-kva.example", "xn--nxasmm1c.com", "xn--4dbrk0ce", "xn--i-7iq.example", "例え。テスト。", "_dmarc.ü.example",
    "ｅxample",
    "xn--mgba3a4f16a.example", "xn--hgbk6aj7f53bba",
  ])
  func oddNamesThatAreNames(text: String) throws {
    let domain = try Self.domain(text)
    #expect(domain.description.utf8.elementsEqual(text.utf8))
  }

  @Test(arguments: [
    0, 0x1f, 0x7f, 0x80, 0x85, 0x9f, 0xad, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060,
    0x2066, 0x2069, 0xfeff,
    0xfffe, 0xffff, 0xfdd0, 0x1fffe, 0x10ffff, 0xe0041,
  ])
  func deceptiveScalarsAreInNoAddress(value: UInt32) throws {
    let scalar = String(try #require(Unicode.Scalar(value)))
    let domain = try Self.domain("b.example")
    #expect(Mailbox("a\(scalar)b@b.example") == nil && Mailbox("\"a\(scalar)b\"@b.example") == nil)
    #expect(Mailbox(localPart: scalar, domain: domain) == nil)
    #expect(Mailbox("a@b\(scalar).example") == nil)
  }

  @Test(arguments: ["م\u{200c}خ", "क\u{200d}ष", "jörg", "日本", "a\u{301}", "❤\u{fe0f}"])
  func wordsOfAllScriptsAreTaken(text: String) { #expect(Mailbox(text + "@b.example")?.localPart == text) }

  @Test func localPartsHaveABound() throws {
    let domain = try Self.domain("b.example")
    #expect(Mailbox(localPart: String(repeating: "x", count: 255), domain: domain) != nil)
    #expect(Mailbox(localPart: String(repeating: "x", count: 256), domain: domain) == nil)
  }
}
