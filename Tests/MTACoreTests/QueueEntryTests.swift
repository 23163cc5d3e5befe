import MTACore
import Testing

@Suite struct QueueEntryTests {
  @Test func anEntryIsOneLine() {
    var entry = QueueEntry(
      parcel: ParcelID(1), mail: "m1", sender: "<>", recipient: "b@far.example", state: .waiting, attempts: 3,
      nextTry: Timestamp(milliseconds: 1_767_225_600_000), message: "451 4.2.1 busy")
    #expect(
      "\(entry)" == "m1\t<>\tb@far.example\twaiting\t3\t\(Timestamp(milliseconds: 1_767_225_600_000))\t451 4.2.1 busy")
    entry.isHeld = true
    entry.nextTry = nil
    entry.message = nil
    #expect("\(entry)" == "m1\t<>\tb@far.example\theld\t3\t-\t-")
  }

  @Test func nothingLeavesItsField() {
    let entry = QueueEntry(
      parcel: ParcelID(1), mail: "m1", sender: "\"a\tb\"@x.example", recipient: "ü\u{202e}@x.example", state: .working,
      message: "a\r\nb\u{1b}[2J")
    #expect(
      "\(entry)"
        == #"m1\#t"a\u{9}b"@x.example\#tü\u{202e}@x.example\#tworking\#t0\#t-\#ta\u{d}\u{a}b\u{1b}[2J"#)
  }
}
