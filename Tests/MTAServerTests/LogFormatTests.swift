import Logging
import MTACore
import MTASystem
import MTATestSupport
import SuiteTurns
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `logFormat: json`: each entry is one object with the fields of the line of text, in a server of one process and of several.
@Suite(.takesTurns, .endsHangs) struct LogFormatTests {
  private let folder = TemporaryFolder()

  private func entries(_ format: LineLog.Format = .json, _ write: (LineLog.Sink) -> Void) throws -> [String] {
    let path = folder.path + "/mta.log"
    let sink = try LineLog.Sink(path: path, rotation: nil, times: .utc, format: format, clock: ManualClock())
    write(sink)
    #expect(sink.drain())
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  private func logger(_ sink: LineLog.Sink) -> Logger {
    Logger(label: "mta.receiver") { LineLog(label: $0, sink: sink) }
  }

  @Test func anEventIsAnObjectInTheOrderOfItsFields() throws {
    let lines = try entries { sink in
      EventLog(logger(sink)).write(.info, "accepted") { fields in
        fields.append("client", "192.0.2.7")
        fields.append("size", number: 1422)
        fields.append("helo", "x\" , \"client\":\"192.0.2.9\n\u{202e}\u{1f4e8}")
        fields.append("delay", seconds: .milliseconds(12))
      }
    }
    #expect(
      lines == [
        #"{"time":"2026-01-01T00:00:00.000Z","level":"info","label":"mta.receiver","event":"accepted","client":"192.0.2.7","size":1422,"helo":"x\" , \"client\":\"192.0.2.9\u000a\u202e\ud83d\udce8","delay":0.012}"#
      ])
  }

  @Test func whatIsOursCannotBeTakenByAField() throws {
    let lines = try entries { sink in
      logger(sink).warning("odd", metadata: ["time": "then", "event": "other", "size": "007", "port": "25"])
    }
    #expect(
      lines == [
        #"{"time":"2026-01-01T00:00:00.000Z","level":"warning","label":"mta.receiver","event":"odd","event_":"other","port":25,"size":"007","time_":"then"}"#
      ])
  }

  /// What a process of sessions says is read as values first. It may be in a stranger's hands.
  @Test(arguments: [
    (
      #"6[info] mta.receiver: login refused client=192.0.2.7 helo="a\x0A\"b" code=535"#,
      #""level":"info","role":"receiver[7]","label":"mta.receiver","event":"login refused","client":"192.0.2.7","helo":"a\u000a\"b","code":535"#
    ),
    (
      #"6[info] mta.receiver: accepted time=x role=master[1] level=critical"#,
      #""level":"info","role":"receiver[7]","label":"mta.receiver","event":"accepted","time_":"x","role_":"master[1]","level_":"critical""#
    ),
    (#"2{"time":"1999"}"#, #""level":"critical","role":"receiver[7]","event":"{\"time\":\"1999\"}""#),
    ("6[none] a: b", #""level":"info","role":"receiver[7]","event":"[none] a: b""#),
    (#"6[info] a: cut off="be"#, #""level":"info","role":"receiver[7]","label":"a","event":"cut","off":"be...""#),
    ("", #""level":"info","role":"receiver[7]","event":"""#),
  ])
  func aLineOfAChildIsOneObject(line: String, members: String) throws {
    let lines = try entries { $0.write(relayed: Array(line.utf8)[...], from: "receiver[7]") }
    #expect(lines == [#"{"time":"2026-01-01T00:00:00.000Z","# + members + "}"])
  }

  /// A stranger's bytes come to JSON that others read, whatever they are.
  @Test func anyLineOfAChildIsJSON() throws {
    var random = SeededGenerator(seed: 2026)
    let lines = try entries { sink in
      for _ in 0..<500 {
        let bytes = (0..<Int.random(in: 0..<80, using: &random)).map { _ in
          let octet = UInt8.random(in: 0...255, using: &random)
          return octet == 10 ? 32 : octet
        }
        sink.write(relayed: Array("6[info] a: b c=".utf8) + bytes[...], from: "receiver[7]")
      }
    }
    #expect(lines.count == 500)
    for line in lines {
      #expect(line.utf8.allSatisfy { (32...126).contains($0) })
      let object = try JSONDecoder().decode([String: Member].self, from: Data(line.utf8))
      #expect(object["role"]?.text == "receiver[7]" && object["label"]?.text == "a")
    }
  }

  private struct Member: Decodable {
    let text: String?
    init(from decoder: any Decoder) throws {
      text = try? decoder.singleValueContainer().decode(String.self)
    }
  }

  /// A receiver's line fits into the pipe as a whole, also where a client chose all that it may choose.
  @Test func aLineThatIsCutKeepsItsBegin() throws {
    let long = String(repeating: "\u{1}", count: 5000)
    var bytes: [UInt8] = []
    var fields = LogFields()
    fields.append("client", "2001:db8::1")
    fields.append("session", "1tSiLu000-1")
    for key in ["from", "to", "helo", "reply", "sasl_username"] { fields.append(key, long) }
    LogForm.appendRelayed(LogEntry(level: .info, label: "mta.receiver", text: "refused", fields: fields), to: &bytes)
    #expect(bytes.count == LogRelay.maximumLine)
    let line = try #require(LogLine(bytes.dropFirst().dropLast()))
    #expect(line.text("client") == "2001:db8::1" && line.text("session") == "1tSiLu000-1")
  }

  @Test func aProgramsOwnLogGetsTheSameFields() {
    let book = FieldBook()
    var logger = Logger(label: "t") { _ in book.handler }
    EventLog(logger).write(.info, "accepted") { $0.append("helo", "a b=\"c") }
    #expect(book.lines == ["accepted helo: a b=\"c"])
    logger.logLevel = .warning
    EventLog(logger).write(.info, "accepted") { _ in Issue.record("fields of a line that nobody reads") }
    #expect(book.lines.count == 1)
  }
}
