import NIOCore
import Testing

@testable import MTACore

@Suite struct HeaderSectionTests {
  @Test func fieldsKeepEveryByte() {
    let text =
      "Received: from a\r\n\tby b;\r\n Mon\r\nsubject :  x \t\r\nno field here\r\nX-Bad Name: y\r\nEMPTY:\r\nFrom: a@b\r\n"
    let section = HeaderSection(Array(text.utf8))
    #expect(section.fields.map(\.name) == ["Received", "subject", "", "", "EMPTY", "From"])
    #expect(section.fields.map(\.value) == ["from a\tby b; Mon", "x", "no field here", "X-Bad Name: y", "", "a@b"])
    #expect(Array(section.fields.map(\.raw).joined()) == Array(text.utf8))
    #expect(section.fields[0].rawValue == Array(" from a\r\n\tby b;\r\n Mon".utf8)[...])
    #expect(!section.hasStrayLineEnds)
  }

  @Test func namesAreFoundWithoutRegardToCase() {
    let section = HeaderSection(Array("FROM: a@b\r\nTo: c@d\r\nto: e@f\r\n".utf8))
    #expect(section.first(named: "from")?.value == "a@b")
    #expect(section.fields(named: "TO").map(\.value) == ["c@d", "e@f"])
    #expect(section.count(of: "to") == 2)
    #expect(section.count(of: "cc") == 0)
    #expect(HeaderSection(Array("no field\r\n".utf8)).count(of: "") == 0)
    // "[" and "{" differ by the bit that tells the case of letters.
    #expect(HeaderSection(Array("a[: x\r\n".utf8)).count(of: "a{") == 0)
  }

  @Test func readingEndsAtTheEmptyLine() {
    #expect(HeaderSection(Array("A: 1\r\n\r\nB: 2\r\n".utf8)).fields.map(\.name) == ["A"])
    #expect(HeaderSection(Array("\r\nB: 2\r\n".utf8)).fields.isEmpty)
    #expect(HeaderSection([]).fields.isEmpty)
    // A line of blanks continues the field; only an empty one ends the section.
    #expect(HeaderSection(Array("A: 1\r\n \r\nB: 2".utf8)).fields.map(\.name) == ["A", "B"])
  }

  @Test(arguments: ["A: 1\nB: 2\r\n", "A: 1\rB: 2\r\n", "A: 1\r\n\n", "A: 1\r", "A: 1\r\r\n"])
  func strayLineEndsAreToldAndDoNotEndLines(text: String) {
    let section = HeaderSection(Array(text.utf8))
    #expect(section.hasStrayLineEnds)
    #expect(section.fields.first?.name == "A")
    #expect(section.count(of: "B") == 0)
    #expect(Array(section.fields.map(\.raw).joined()) == Array(text.utf8))
  }
}

@Suite struct HeaderCollectorTests {
  @Test(arguments: [
    ("A: 1\r\nB: 2\r\n\r\nbody\r\n", ["A", "B"], 14), ("\r\nbody", [], 2), ("A: 1\r\n\r\n", ["A"], 8),
    ("A: 1\r\r\n\r\nx", ["A"], 9),
  ])
  func everySplitFindsTheSameEnd(text: String, names: [String], end: Int) {
    let bytes = Array(text.utf8)
    for split in 0...bytes.count {
      var collector = HeaderCollector()
      let first = collector.receive(ByteBuffer(bytes: bytes[..<split]))
      if split >= end {
        guard case .complete(let section, end) = first else {
          Issue.record("split \(split): \(first)")
          continue
        }
        #expect(section.fields.map(\.name) == names)
      } else {
        #expect(first == .more)
        guard case .complete(let section, let offset) = collector.receive(ByteBuffer(bytes: bytes[split...])) else {
          Issue.record("split \(split): not complete")
          continue
        }
        #expect(offset == end - split)
        #expect(section.fields.map(\.name) == names)
      }
    }
  }

  @Test func aMessageMayEndWithoutABody() {
    var collector = HeaderCollector()
    #expect(collector.receive(ByteBuffer(string: "A: 1\r\nB: 2")) == .more)
    #expect(collector.finish()?.fields.map(\.value) == ["1", "2"])
  }

  @Test func theLimitHolds() {
    var collector = HeaderCollector(limit: 10)
    #expect(collector.receive(ByteBuffer(string: "A: 1\r\n")) == .more)
    #expect(collector.receive(ByteBuffer(string: "B: 2\r\n")) == .tooLarge)
    #expect(collector.receive(ByteBuffer(string: "\r\n")) == .tooLarge)
    #expect(collector.finish() == nil)
    var exact = HeaderCollector(limit: 8)
    guard case .complete = exact.receive(ByteBuffer(string: "A: 1\r\n\r\nand a long body")) else {
      Issue.record("the body counted")
      return
    }
  }
}
