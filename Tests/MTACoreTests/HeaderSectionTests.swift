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

  @Test func theLineOfAMailboxFileIsPassedOver() {
    for line in ["From ann@x.example Thu Jan  1 00:00:00 2026\r\n", ">From y\r\n", ">From \r\n"] {
      let section = HeaderSection(Array((line + "A: 1\r\n\r\nB: 2\r\n").utf8))
      #expect(section.mailboxLine.map(Array.init) == Array(line.utf8))
      #expect(section.fields.map(\.name) == ["A"])
      #expect(section.fields[0].value == "1")
      #expect(!section.isAbsent)
    }
    // A field of that name, one line among others, and lines with no field behind them.
    for text in [
      "From : a@b\r\nA: 1\r\n", "From: a@b\r\nA: 1\r\n", "A: 1\r\nFrom x\r\nB: 2\r\n", "From x\r\n\r\nA: 1",
      "From x\r\nFrom y\r\nA: 1\r\n", "From x\r\n A: 1\r\n", "From x", "Fromage\r\nA: 1\r\n", ">>From x\r\nA: 1\r\n",
      "> From x\r\nA: 1\r\n", " From x\r\nA: 1\r\n", ">FROM x\r\nA: 1\r\n",
    ] {
      #expect(HeaderSection(Array(text.utf8)).mailboxLine == nil, "\(text)")
    }
  }

  @Test func octetsThatNoHeaderMayHaveAreTold() {
    #expect(HeaderSection(Array("A: 1\0\r\n".utf8)).hasNUL)
    #expect(HeaderSection(Array("From \0\r\nA: 1\r\n".utf8)).hasNUL)
    #expect(!HeaderSection(Array("A: 1\r\n\r\n\0".utf8)).hasNUL)
    #expect(HeaderSection(Array("From a\rb\r\nA: 1\r\n".utf8)).hasStrayLineEnds)
  }

  @Test func plainFieldsAreThoseThatEveryReaderTakesForFields() {
    let text = "A: 1\r\n x\r\nB : 2\r\nC\t: 3\r\nno field\r\n: 4\r\nX Y: 5\r\n\u{fc}: 6\r\nX\u{b}: 7\r\nD:\r\n"
    let plain = HeaderSection(Array(text.utf8)).fields.map(\.isPlain)
    #expect(plain == [true, false, false, false, false, false, false, false, true])
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

  /// What each of them is to a reader: the names of its fields, or none at all, and the octets of its body.
  private static let openings: [(text: String, names: [String]?, body: String)] = [
    ("UPS on battery\r\nSubject: x\r\n\r\ntext", nil, "UPS on battery\r\nSubject: x\r\n\r\ntext"),
    ("  indented: x\r\nsecond", nil, "  indented: x\r\nsecond"), ("no line end", nil, "no line end"),
    ("\u{fc}: x\r\nA: 1\r\n\r\n", nil, "\u{fc}: x\r\nA: 1\r\n\r\n"),
    ("From a desk\r\n\r\ntext", nil, "From a desk\r\n\r\ntext"),
    ("From a desk\r\nso long\r\n", nil, "From a desk\r\nso long\r\n"), (">From", nil, ">From"),
    ("From x\r\n", nil, "From x\r\n"),
    ("From x\r\nA: 1\r\n\r\ntext", ["A"], "text"), (">From x\r\nA: 1", ["A"], ""),
    (">>From x\r\nA: 1\r\n\r\nt", nil, ">>From x\r\nA: 1\r\n\r\nt"),
    ("A: 1\r\nno field\r\n\r\nt", ["A", ""], "t"),
    ("\r\nno field\r\n", [], "no field\r\n"), ("", [], ""), ("A : 1\r\n\r\n", ["A"], ""),
  ]

  @Test(arguments: openings.indices)
  func whetherThereIsAHeaderSectionIsTheSameHoweverItIsCut(place: Int) {
    let (text, names, body) = Self.openings[place]
    let bytes = Array(text.utf8)
    for size in 1...max(1, bytes.count) {
      var collector = HeaderCollector()
      var found: HeaderSection?
      var rest: [UInt8] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        let piece = bytes[start..<min(start + size, bytes.count)]
        if found == nil, case .complete(let section, let offset) = collector.receive(ByteBuffer(bytes: piece)) {
          found = section
          rest = collector.leadingBody + piece.dropFirst(offset)
        } else if found != nil {
          rest += piece
        }
      }
      if found == nil {
        found = collector.finish()
        rest = collector.leadingBody
      }
      #expect(found?.isAbsent == (names == nil), "in pieces of \(size)")
      #expect(found?.fields.map(\.name) == names ?? [], "in pieces of \(size)")
      #expect(rest == Array(body.utf8), "in pieces of \(size)")
    }
  }

  @Test(arguments: [
    ("a\rb: c\r\n", true), ("a\nb: x\r\n", true), ("\nb: c", true), ("\rA: 1\r\n", true), ("a\0: x\r\n", true),
    ("From a\nb: c\r\nno field\r\n", true), ("a\nb\r\nc: d\r\n", false), ("a\0\r\n", false), ("a\r", false),
  ])
  func aFirstLineThatMayBeMeantForAFieldIsJudgedAsOne(text: String, isFaulty: Bool) {
    var collector = HeaderCollector()
    let section: HeaderSection?
    if case .complete(let found, _) = collector.receive(ByteBuffer(string: text)) {
      section = found
    } else {
      section = collector.finish()
    }
    #expect(section?.isAbsent == true)
    #expect(section.map { $0.hasStrayLineEnds || $0.hasNUL } == isFaulty)
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
