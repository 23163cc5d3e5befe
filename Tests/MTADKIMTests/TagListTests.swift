import MTACore
import Testing

@testable import MTADKIM

@Suite struct TagListTests {
  @Test func tagsAreReadWithoutTheirBlanks() throws {
    let tags = try #require(TagList(Array(" v=1 ; A_1 =\r\n a b\t;empty=; last = x=y;\r\n ".utf8)[...]))
    #expect(tags.firstName == "v")
    #expect(tags.word("v") == "1")
    #expect(tags["A_1"]?.value == Array("a b".utf8)[...])
    #expect(tags.word("A_1") == "ab")
    #expect(tags.word("empty")?.isEmpty == true)
    #expect(tags.word("last") == "x=y")
    #expect(tags.word("LAST") == nil)
    #expect(TagList(Array("h= from : to ::x".utf8)[...])?.list("h") == ["from", "to", "", "x"])
  }

  @Test(arguments: ["a", "=x", "1a=x", "a b=x", "a=1;a=2", "a=\u{0}", "a=\u{7f}", "a=1;b", "-=1"])
  func otherTextIsRefused(text: String) { #expect(TagList(Array(text.utf8)[...]) == nil) }

  @Test func emptyPlacesAreSkipped() {
    #expect(TagList(Array(";;a=1; ;".utf8)[...])?.word("a") == "1")
    #expect(TagList([])?.firstName == nil)
  }

  @Test func numbers() throws {
    let tags = try #require(TagList(Array("a=12;b=;c=-1;d=+1;e=1234;f=99999999999999999999999;g=1 2".utf8)[...]))
    #expect(tags.number("a", digits: 3) == .some(12))
    #expect(tags.number("z", digits: 3) == .none)
    for name in ["b", "c", "d", "e", "g"] as [StaticString] { #expect(tags.number(name, digits: 3) == .some(nil)) }
    #expect(tags.number("f", digits: 76) == .some(.max))
  }
}
