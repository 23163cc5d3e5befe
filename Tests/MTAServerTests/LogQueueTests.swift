import Foundation
import Logging
import MTACore
import MTASystem
import MTATestSupport
import SuiteTurns
import Testing

@testable import MTAServer

/// A log that cannot be written, or not as fast: the mail goes on, and the log tells what is missing.
struct LogQueueTests {
  private let folder = TemporaryFolder()
  private var path: String { folder.path + "/mta.log" }

  private func sink(limit: Int = 65_536) throws -> LineLog.Sink {
    try LineLog.Sink(path: path, rotation: nil, times: .utc, clock: SystemClock(), limit: limit)
  }

  /// So many lines, none of which holds up its caller. They come to more than a pipe and the queue take.
  private func overflow(_ sink: LineLog.Sink) {
    let logger = Logger(label: "mta.test") { LineLog(label: $0, sink: sink) }
    let begin = MonotonicInstant.now
    for number in 0..<4000 {
      logger.info("a line of some length, so that the queue is full soon", metadata: ["n": "\(number)"])
    }
    #expect(begin.elapsed < .seconds(60))
  }

  /// How many lines there are, and how many are said to be missing.
  private func count(_ text: String) throws -> (lines: Int, missing: Int) {
    var (lines, missing) = (0, 0)
    for line in text.split(separator: "\n") {
      if line.contains("[info] mta.test: a line of some length") {
        lines += 1
      } else if line.contains("[warning] mta.log: the log could not be written, and entries are missing here count=") {
        missing += try #require(Int(line.split(separator: "=").last ?? ""))
      } else {
        Issue.record("what is this? \(line)")
      }
    }
    return (lines, missing)
  }

  @Test(.endsHangs) func aPipeThatNobodyReadsCostsLinesAndNoTime() async throws {
    #expect(mkfifo(path, 0o600) == 0)
    let sink = try sink()
    overflow(sink)
    #expect(!sink.drain(within: .milliseconds(50)))
    // A critical line waits for a log that works, and for no other.
    let logger = Logger(label: "mta.test") { LineLog(label: $0, sink: sink) }
    let begin = MonotonicInstant.now
    for _ in 0..<100 { logger.critical("the end is near") }
    #expect(begin.elapsed < .seconds(30))
    // Now somebody reads.
    let file = open(path, O_RDONLY | O_NONBLOCK)
    defer { close(file) }
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    try await eventually("all is there") {
      let count = read(file, &buffer, buffer.count)
      if count > 0 { bytes += buffer[..<count] }
      return count <= 0 && sink.drain(within: .milliseconds(10))
    }
    let rest = read(file, &buffer, buffer.count)
    if rest > 0 { bytes += buffer[..<rest] }
    let text = String(decoding: bytes, as: UTF8.self).replacingOccurrences(
      of: "[critical] mta.test: the end is near", with: "[info] mta.test: a line of some length")
    let (lines, missing) = try count(text)
    #expect(missing > 0 && lines + missing == 4100)
  }

  @Test(.endsHangs) func aFullDiskCostsLinesAndTheLogTellsHowMany() async throws {
    #expect(symlink("/dev/full", path) == 0)
    let sink = try sink()
    overflow(sink)
    #expect(!sink.drain(within: .milliseconds(50)))
    #expect(unlink(path) == 0)
    try sink.reopen()
    #expect(sink.drain(within: .seconds(60)))
    let (lines, missing) = try count(String(contentsOfFile: path, encoding: .utf8))
    #expect(lines > 0 && missing > 0 && lines + missing == 4000)
  }

  @Test func aCriticalLineIsWrittenWhenTheCallReturns() throws {
    let sink = try sink()
    let logger = Logger(label: "mta.test") { LineLog(label: $0, sink: sink) }
    logger.info("before")
    logger.critical("the end", metadata: ["reason": "two words"])
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains("[info] mta.test: before\n"))
    #expect(text.hasSuffix("[critical] mta.test: the end reason=\"two words\"\n"))
  }

  @Test(.endsHangs) func theLastLinesAreWrittenWhenNoLoggerIsLeft() async throws {
    try sink().write("farewell\n")
    try await eventually("it is written") { try String(contentsOfFile: path, encoding: .utf8) == "farewell\n" }
  }

  @Test func foreignTextStaysOnItsLine() throws {
    let sink = try sink()
    var logger = Logger(label: "mta.test") { LineLog(label: $0, sink: sink) }
    logger[metadataKey: "connection"] = "7"
    logger.info("hé\nllo", metadata: ["text": "a\r\n2026 [info] mta: b", "code": "250"])
    #expect(sink.drain())
    let line = try String(contentsOfFile: path, encoding: .utf8)
    #expect(
      line.dropFirst(24)
        == " [info] mta.test: hé\\u{a}llo code=250 connection=7 text=\"a\\x0D\\x0A2026 [info] mta: b\"\n")
    #expect(Timestamp(String(line.prefix(24))) != nil)
  }
}
