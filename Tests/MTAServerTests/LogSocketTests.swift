import Foundation
import Logging
import MTACore
import MTASystem
import MTATestSupport
import SuiteTurns
import Testing

@testable import MTAServer

/// Syslog and the journal, played by a datagram socket of the test.
struct LogSocketTests {
  private let folder = TemporaryFolder()
  private var path: String { folder.path + "/log.socket" }

  private func logger(_ sink: LineLog.Sink) -> Logger { Logger(label: "mta.test") { LineLog(label: $0, sink: sink) } }

  @Test func syslogGetsRFC5424() throws {
    let listener = try LogListener(path)
    let sink = LineLog.Sink(syslog: path)
    logger(sink).info("mail accepted", metadata: ["client": "192.0.2.1", "text": "a\nb"])
    logger(sink).error("trouble")
    #expect(sink.drain())
    let first = try #require(listener.next())
    // 2 is the facility mail, 6 the severity informational.
    let words = first.split(separator: " ", maxSplits: 7)
    #expect(words[0] == "<22>1" && words[1].hasSuffix("Z") && words[3] == "mta" && words[4] == "\(getpid())")
    #expect(words[7] == "mta.test: mail accepted client=192.0.2.1 text=\"a\\x0Ab\"")
    #expect(try #require(listener.next()).hasPrefix("<19>1 "))
    #expect(listener.next() == nil)
  }

  @Test func syslogGetsRFC3164AsItsLibraryWritesIt() throws {
    let listener = try LogListener(path)
    let sink = LineLog.Sink(syslog: path, isClassic: true)
    logger(sink).notice("mail accepted", metadata: ["client": "192.0.2.1"])
    #expect(sink.drain())
    let line = try #require(listener.next())
    #expect(line.hasPrefix("<21>") && line.dropFirst(19).hasPrefix(" mta[\(getpid())]: mta.test: mail accepted"))
    let date = try #require(Timestamp("2026-11-03T04:05:06.000Z"))
    #expect(
      LogDate(date, ahead: 0).text == "Nov  3 04:05:06" && LogDate(date, ahead: 864_000).text == "Nov 13 04:05:06")
  }

  @Test func theJournalGetsFields() throws {
    let listener = try LogListener(path)
    let sink = LineLog.Sink(journal: path)
    logger(sink).warning("mail refused", metadata: ["reply-code": "550", "message": "no\nsuch", "_uid": "0"])
    #expect(sink.drain())
    #expect(
      try #require(listener.next())
        == """
        PRIORITY=4
        SYSLOG_IDENTIFIER=mta
        MESSAGE=mta.test: mail refused _uid=0 message="no\\x0Asuch" reply-code=550
        LABEL=mta.test
        MTA__UID=0
        MTA_MESSAGE=no\\x0Asuch
        REPLY_CODE=550

        """)
    logger(sink).info("\(String(repeating: "x", count: 100_000))")
    #expect(sink.drain())
    let long = try #require(listener.next())
    #expect(long.utf8.count <= 65_536 && long.hasSuffix("xxx\n"))
  }

  @Test(.endsHangs) func aDeadSyslogCostsLinesAndTheLogTellsHowMany() async throws {
    let sink = LineLog.Sink(syslog: path, limit: 8192)
    let begin = MonotonicInstant.now
    for _ in 0..<1000 { logger(sink).info("nobody is there") }
    #expect(begin.elapsed < .seconds(60))
    let listener = try LogListener(path)
    var (lines, missing) = (0, 0)
    try await eventually("all is there") {
      while let line = listener.next() {
        if line.contains("nobody is there") { lines += 1 }
        if line.contains("entries are missing here count="), let count = line.split(separator: "=").last {
          missing += Int(count) ?? 0
        }
      }
      return lines + missing == 1000 && sink.drain(within: .milliseconds(10))
    }
    #expect(missing > 0 && lines > 0)
  }
}
