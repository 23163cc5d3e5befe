import MTACore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the statistics need of a line of the log, in any of its forms: the text form with a time before it, or behind the prefix of syslog
/// or of the journal, and JSON.
struct LogEntry {
  /// `2026-11-30`, or `Nov 30` behind a prefix of syslog; empty where a line has no time.
  let day: String
  let label: String
  let event: String
  private let fields: [String: String]

  /// Fields of interest. A line may have others.
  private static let names: Set<String> = [
    "by", "client", "code", "delay", "delays", "destination", "dsn", "from", "missed", "nrcpt", "size", "stage",
    "status", "to",
  ]

  subscript(_ key: String) -> String? { fields[key] }

  /// Nil for a line that is none of the log's.
  init?(_ line: ArraySlice<UInt8>) {
    if line.first == UInt8(ascii: "{") { self.init(json: line) } else { self.init(text: line) }
  }

  private init?(text line: ArraySlice<UInt8>) {
    guard let level = Self.level(in: line), let parsed = LogLine(line[level...]) else { return nil }
    guard let day = Self.day(of: line[..<level]) else { return nil }
    self.day = day
    label = String(decoding: parsed.label, as: UTF8.self)
    event = String(decoding: parsed.event, as: UTF8.self)
    var fields: [String: String] = [:]
    for field in parsed.fields {
      let key = String(decoding: field.key, as: UTF8.self)
      if Self.names.contains(key), fields[key] == nil { fields[key] = String(decoding: field.value, as: UTF8.self) }
    }
    self.fields = fields
  }

  private init?(json line: ArraySlice<UInt8>) {
    guard let object = try? JSONDecoder().decode([String: Scalar].self, from: Data(line)),
      let label = object["label"]?.text, let event = object["event"]?.text
    else { return nil }
    let time = Array((object["time"]?.text ?? "").utf8)
    guard let day = Self.day(of: time[...]) else { return nil }
    (self.day, self.label, self.event) = (day, label, event)
    fields = object.filter { Self.names.contains($0.key) }.compactMapValues(\.text)
  }

  /// Where `[info]` begins. What stands before it is the server's own, or of the program that keeps the log.
  private static func level(in line: ArraySlice<UInt8>) -> Int? {
    var begin = line.startIndex
    while let open = line[begin...].firstIndex(of: UInt8(ascii: "[")) {
      let word = line[(open + 1)...].prefix { (97...122).contains($0) }
      if word.endIndex < line.endIndex, line[word.endIndex] == UInt8(ascii: "]"),
        levels.contains(where: { word.elementsEqual($0.utf8) })
      {
        return open
      }
      begin = open + 1
    }
    return nil
  }

  private static let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

  /// The day in what stands before the level. Nil if that is too long to be a prefix.
  private static func day(of prefix: ArraySlice<UInt8>) -> String? {
    guard prefix.count <= 300 else { return nil }
    let words = prefix.split(separator: 32, maxSplits: 2)
    guard let first = words.first else { return "" }
    let isDate = first.count >= 10 && first.prefix(10).allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    if isDate { return String(decoding: first.prefix(10), as: UTF8.self) }
    let isMonth = first.count == 3 && first.allSatisfy { (65...90).contains($0) || (97...122).contains($0) }
    guard isMonth, words.count > 1, words[1].count <= 2, words[1].allSatisfy({ (48...57).contains($0) }) else {
      return ""
    }
    return String(decoding: first, as: UTF8.self) + (words[1].count == 1 ? "  " : " ")
      + String(decoding: words[1], as: UTF8.self)
  }

  /// A value of an object of the log: none is more than this.
  private enum Scalar: Decodable {
    case value(String)
    case other

    var text: String? { if case .value(let text) = self { text } else { nil } }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .value(text)
      } else if let number = try? container.decode(Int.self) {
        self = .value("\(number)")
      } else if let number = try? container.decode(Double.self) {
        self = .value("\(number)")
      } else {
        self = .other
      }
    }
  }
}
