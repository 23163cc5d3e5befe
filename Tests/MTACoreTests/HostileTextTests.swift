import MTACore
import Testing

@Suite struct HostileTextTests {
  @Test func comparesOctetsAndNotCharacters() {
    // One character to a String, and two spellings of it to a peer.
    #expect("\u{e9}" == "e\u{301}")
    #expect(HostileText("\u{e9}") != HostileText("e\u{301}"))
    #expect(Set([HostileText("\u{e9}"), HostileText("e\u{301}"), HostileText("\u{e9}")]).count == 2)
    #expect(HostileText(Array("xab".utf8).dropFirst()) == HostileText("ab"))
  }

  @Test func wordsAreComparedWithASCIICaseOrWithout() {
    let word = Array("Dns/Txt".utf8)
    #expect(word.spells("Dns/Txt") && !word.spells("dns/txt") && word.spells(caseless: "dns/TXT"))
    #expect(!word.spells(caseless: "dns/tx") && !word.spells(caseless: "dns/txt2"))
    #expect(word.begins("Dns/") && !word.begins("dns/") && word.begins(caseless: "dNS/") && !word.begins("Dns/Txt/"))
    // Those 32 apart that are no letters.
    #expect(![UInt8(ascii: "@")].spells(caseless: "`") && ![UInt8(ascii: "[")].spells(caseless: "{"))
    // U+017F is an S to Unicode alone.
    #expect(!Array("\u{17f}".utf8).spells(caseless: "s"))
  }

  @Test func keywordsAreShortAndOfASCII() {
    #expect(Array("8bitMIME".utf8).keyword == "8BITMIME")
    #expect(Array("e\u{301}hlo".utf8).keyword.isEmpty && Array("a b".utf8).keyword.isEmpty)
    #expect(Array(repeating: UInt8(ascii: "a"), count: 64).keyword.utf8.count == 64)
    #expect(Array(repeating: UInt8(ascii: "a"), count: 65).keyword.isEmpty)
  }

  @Test func peopleSeeItWithoutControlCharacters() {
    #expect(HostileText("a\r\n\u{202e}b").description == "a?????b")
    #expect(Array("abcdef".utf8).printable(limit: 3) == "abc")
  }
}
