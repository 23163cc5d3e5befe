import Foundation
import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

@testable import MTAServer

/// New log files, by a clock that the test turns.
struct LogRotationTests {
  private let folder = TemporaryFolder()
  private var path: String { folder.path + "/mta.log" }

  private static func instant(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

  private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8)
  }

  @Test(arguments: [
    ("daily", "2026-11-30T23:59:59.999Z", "2026-12-01T00:00:00.000Z"),
    ("daily", "2028-02-28T00:00:00.000Z", "2028-02-29T00:00:00.000Z"),
    ("weekly", "2026-11-30T00:00:00.000Z", "2026-12-07T00:00:00.000Z"),
    ("weekly", "2026-11-29T12:00:00.000Z", "2026-11-30T00:00:00.000Z"),
    ("monthly", "2026-12-31T12:00:00.000Z", "2027-01-01T00:00:00.000Z"),
  ])
  func aPeriodEndsAtMidnight(text: String, now: String, end: String) throws {
    let rotation = try #require(LineLog.Rotation(text + ", keep 3"))
    #expect(rotation.keep == 3 && rotation.description == text + ", keep 3")
    #expect(rotation.end(after: try Self.instant(now), .utc) == (try Self.instant(end)))
  }

  @Test(arguments: [
    "", "hourly", "0", "-1", "daily, keep", "daily, keep -1", "daily, keep 1, keep 2", "daily keep 1", "none",
  ])
  func nonsenseIsNoRotation(text: String) { #expect(LineLog.Rotation(text) == nil) }

  @Test func aTimeStampSaysItsZone() throws {
    func stamp(_ text: String, _ ahead: Int64?) throws -> String {
      var bytes: [UInt8] = []
      LineLog.Times.append(try Self.instant(text), ahead: ahead, to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
    for text in ["2026-11-30T03:51:06.123Z", "1969-12-31T23:59:59.001Z", "2000-01-01T00:00:00.000Z"] {
      #expect(try stamp(text, nil) == text)
    }
    #expect(try stamp("2026-11-30T23:51:06.123Z", 3600) == "2026-12-01T00:51:06.123+01:00")
    #expect(try stamp("2026-11-30T03:51:06.123Z", -12_600) == "2026-11-30T00:21:06.123-03:30")
  }

  @Test func oldFilesAreKnownByTheirNames() {
    let others = [
      "log", "log.1", "log-2026113", "log-20261130.gz", "log-20261130.0", "log-20261130.1.gz", "log-20261130-1",
      "mlog-20261130",
      "log-20261130.", "log-2026113x",
    ]
    var old = OldLogs(of: "log", among: others + ["log-20261129", "log-20261130.10", "log-20261130.9", "log-20261130"])
    #expect(old.add("20261130") == "log-20261130.11")
    #expect(old.add("20261201") == "log-20261201")
    #expect(old.beyond(2) == ["log-20261129", "log-20261130", "log-20261130.9", "log-20261130.10"])
    #expect(old.beyond(100) == [])
  }

  @Test func aNewDayBeginsANewFileAndTheOldestGo() throws {
    let clock = ManualClock(try Self.instant("2026-12-01T22:00:00.000Z"))
    for name in ["mta.log-20261101", "mta.log-20261101.gz", "mta.log-20261101.1", "mta.log.bak"] {
      try "old\n".write(toFile: folder.path + "/" + name, atomically: false, encoding: .utf8)
    }
    let sink = try LineLog.Sink(path: path, rotation: .init(.daily, keep: 3), times: .utc, clock: clock)
    for day in 1...4 {
      sink.write("first of day \(day)\n")
      clock.advance(by: .seconds(3600))
      sink.write("last of day \(day)\n")
      clock.advance(by: .seconds(23 * 3600))
    }
    #expect(sink.drain())
    #expect(try text("mta.log") == "first of day 4\nlast of day 4\n")
    #expect(try text("mta.log-20261201") == "first of day 1\nlast of day 1\n")
    #expect(try text("mta.log-20261203") == "first of day 3\nlast of day 3\n")
    let left = [
      "mta.log", "mta.log-20261101.gz", "mta.log-20261201", "mta.log-20261202", "mta.log-20261203", "mta.log.bak",
    ]
    #expect(try names() == left)
  }

  /// Lines of the day before, from before a restart.
  @Test func aFileOfYesterdayIsPutAsideByTheFirstLine() throws {
    let clock = ManualClock(try Self.instant("2026-12-02T10:00:00.000Z"))
    try "yesterday\n".write(toFile: path, atomically: false, encoding: .utf8)
    let then = Date(timeIntervalSince1970: Double(try Self.instant("2026-12-01T10:00:00.000Z").seconds))
    try FileManager.default.setAttributes([.modificationDate: then, .posixPermissions: 0o604], ofItemAtPath: path)
    let sink = try LineLog.Sink(path: path, rotation: .init(.daily), times: .utc, clock: clock)
    sink.write("today\n")
    #expect(sink.drain())
    #expect(try text("mta.log-20261201") == "yesterday\n" && text("mta.log") == "today\n")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o604)
  }

  @Test func bySizeNoFileIsLargerAndNoLineIsSplit() throws {
    let clock = ManualClock(try Self.instant("2026-12-01T22:00:00.000Z"))
    let sink = try LineLog.Sink(path: path, rotation: .init(.bytes(100)), times: .utc, clock: clock)
    let long = String(repeating: "x", count: 300) + "\n"
    for number in 0..<50 { sink.write(number == 25 ? long : "this is line number \(number)\n") }
    #expect(sink.drain())
    var lines: [String] = []
    let order = try names().sorted { a, b in
      func number(_ name: String) -> Int {
        name == "mta.log" ? .max : Int(name.dropFirst("mta.log-20261201.".count)) ?? 0
      }
      return number(a) < number(b)
    }
    for name in order {
      let text = try text(name)
      #expect(text.utf8.count <= 100 || text == long, "\(name)")
      #expect(text.hasSuffix("\n"))
      lines += text.split(separator: "\n").map { $0 + "\n" }
    }
    #expect(lines == (0..<50).map { $0 == 25 ? long : "this is line number \($0)\n" })
  }

  /// Twenty new days and as many moves by another program, while four threads write.
  @Test func noLineIsLostOrSplitWhileFilesChange() async throws {
    let clock = ManualClock(try Self.instant("2026-12-01T12:00:00.000Z"))
    let path = path
    let sink = try LineLog.Sink(path: path, rotation: .init(.daily), times: .utc, clock: clock)
    let left = NIOLockedValueBox(4)
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for number in 0..<5000 {
            sink.write("writer \(writer) line \(number) end\n")
            if number % 100 == 0 { sched_yield() }
          }
          left.withLockedValue { $0 -= 1 }
        }
      }
      group.addTask {
        for turn in 0..<20 {
          clock.advance(by: .seconds(86_400))
          sink.write("turn\n")
          sink.drain()
          // As logrotate does it: move, create, tell.
          #expect(rename(path, "\(path).moved\(turn)") == 0)
          if turn % 2 == 0 { #expect(FileManager.default.createFile(atPath: path, contents: nil)) }
          sched_yield()
          #expect(throws: Never.self) { try sink.reopen() }
        }
      }
    }
    #expect(sink.drain())
    var seen: [Int: [Int]] = [:]
    var turns = 0
    for name in try names() {
      for line in try text(name).split(separator: "\n") {
        if line == "turn" {
          turns += 1
          continue
        }
        let words = line.split(separator: " ")
        try #require(words.count == 5 && words.last == "end", "\(line)")
        seen[try #require(Int(words[1])), default: []].append(try #require(Int(words[3])))
      }
    }
    #expect(turns == 20)
    for writer in 0..<4 { #expect(seen[writer]?.sorted() == Array(0..<5000)) }
  }

  @Test func aFileThatCannotBeRotatedIsUsedFurtherAndTheLogSaysWhy() throws {
    let clock = ManualClock(try Self.instant("2026-12-01T12:00:00.000Z"))
    let sink = try LineLog.Sink(path: path, rotation: .init(.daily), times: .utc, clock: clock)
    sink.write("one\n")
    #expect(sink.drain())
    #expect(rename(folder.path, folder.path + ".away") == 0)
    defer { rename(folder.path + ".away", folder.path) }
    clock.advance(by: .seconds(86_400))
    sink.write("two\n")
    #expect(sink.drain())
    let text = try String(contentsOfFile: folder.path + ".away/mta.log", encoding: .utf8)
    #expect(text.hasPrefix("one\n") && text.contains("two\n"))
    #expect(text.contains("[error] mta.log: the log file cannot be rotated; it is used further reason="))
  }
}
