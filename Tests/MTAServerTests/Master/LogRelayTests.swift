import Logging
import MTACore
import MTASystem
import MTATestSupport
import Testing

@testable import MTAServer

/// Lines of children on their way into the log.
struct LogRelayTests {
  private func lines(_ text: String, pieces: Int, maximum: Int = 8) -> [String] {
    var splitter = LineSplitter(maximum: maximum)
    var lines: [String] = []
    let bytes = Array(text.utf8)
    for begin in stride(from: 0, to: bytes.count, by: pieces) {
      splitter.add(bytes[begin..<min(begin + pieces, bytes.count)]) {
        lines.append(String(decoding: $0, as: UTF8.self))
      }
    }
    splitter.end { lines.append(String(decoding: $0, as: UTF8.self)) }
    return lines
  }

  @Test(arguments: 1...12)
  func linesAreTheSameInPiecesOfAnySize(_ pieces: Int) {
    #expect(lines("one\n\ntwo\n12345678\nlast", pieces: pieces) == ["one", "", "two", "12345678", "last"])
    #expect(lines("123456789\nx\n", pieces: pieces) == ["12345678", "9", "x"])
    #expect(lines("1234567812345678\nx\n", pieces: pieces) == ["12345678", "12345678", "x"])
  }

  private func relayed(_ line: String, _ form: LogForm = .lines) -> String {
    var bytes: [UInt8] = []
    form.append(
      relayed: Array(line.utf8)[...], from: "receiver[7]", at: Timestamp(milliseconds: 0), .utc, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func roleAndNumberStandBeforeWhatAChildSays() {
    #expect(relayed("6[info] mta: up") == "1970-01-01T00:00:00.000Z receiver[7] [info] mta: up\n")
    // One that writes no severity, or control characters, is written all the same, on one line.
    #expect(
      relayed("Fatal error: Index out of range")
        == "1970-01-01T00:00:00.000Z receiver[7] Fatal error: Index out of range\n")
    #expect(
      relayed("3a\u{1B}[2Jb\rqueue[1] forged")
        == #"1970-01-01T00:00:00.000Z receiver[7] a\u{1b}[2Jb\u{d}queue[1] forged"# + "\n")
  }

  @Test func theSeverityReachesTheJournal() {
    #expect(
      relayed("3[error] mta: bad", .journal).contains(
        "PRIORITY=3\nSYSLOG_IDENTIFIER=mta\nMESSAGE=receiver[7] [error] mta: bad\n"))
  }

  @Test func aChildsEntryIsOneLineOfAtMostAPipesBuffer() {
    var bytes: [UInt8] = []
    let long = LogEntry(level: .info, label: "mta", text: String(repeating: "x", count: 10_000), fields: LogFields())
    LogForm.relayed.append(long, at: Timestamp(milliseconds: 0), .utc, to: &bytes)
    #expect(bytes.count == LogRelay.maximumLine && bytes.last == UInt8(ascii: "\n"))
    #expect(bytes.starts(with: "6[info] mta: xxx".utf8))
  }
}
