import Logging
import MTACore

/// Entries as JSON objects, one a line, in ASCII: time, level, role, label, event, and then the fields.
///
/// ```
/// {"time":"2026-11-30T14:31:44.123Z","level":"info","label":"mta.receiver","event":"accepted","client":"192.0.2.7","size":1422}
/// ```
extension LogForm {
  /// Fields whose values are numbers. Other values are strings, whatever they look like.
  private static let numbers: Set<String> = [
    "attempts", "bytes_in", "bytes_out", "clients", "code", "count", "delay", "duration", "mails", "missed", "nrcpt",
    "parcels",
    "port", "process", "refused", "replies", "size", "uid",
  ]
  /// Names that are ours; a field of such a name gets an underscore behind it.
  private static let own: Set<String> = ["time", "level", "role", "label", "event"]

  static func appendJSON(_ entry: LogEntry, at now: Timestamp, _ times: LineLog.Times, to bytes: inout [UInt8]) {
    beginObject(at: now, times, level: entry.level.rawValue.utf8, to: &bytes)
    appendMember("label", entry.label.utf8, to: &bytes)
    appendMember("event", entry.text.utf8, to: &bytes)
    append(LogFieldReader(entry.fields.bytes[...]), to: &bytes)
    bytes.append(contentsOf: "}\n".utf8)
  }

  /// A line of a child, which is read as values first: so whatever it holds comes to one object, in which time and role are ours.
  ///
  /// - Parameter line: without the severity. What is no line of a log is an event as a whole.
  static func appendJSON(
    relayed line: ArraySlice<UInt8>, _ severity: Int, from name: String, at now: Timestamp, _ times: LineLog.Times,
    to bytes: inout [UInt8]
  ) {
    let read = line.first == UInt8(ascii: "[") ? LogLine(line) : nil
    let level = read.map { String(decoding: $0.level, as: UTF8.self) }.flatMap { Logger.Level(rawValue: $0) }
    beginObject(at: now, times, level: (level ?? Logger.Level(severity: severity)).rawValue.utf8, to: &bytes)
    appendMember("role", name.utf8, to: &bytes)
    if let read, level != nil {
      appendMember("label", read.label, to: &bytes)
      appendMember("event", read.event, to: &bytes)
      append(read.fields, to: &bytes)
    } else {
      appendMember("event", line, to: &bytes)
    }
    bytes.append(contentsOf: "}\n".utf8)
  }

  private static func beginObject(
    at now: Timestamp, _ times: LineLog.Times, level: some Sequence<UInt8>, to bytes: inout [UInt8]
  ) {
    bytes.append(contentsOf: #"{"time":""#.utf8)
    times.append(now, to: &bytes)
    bytes.append(contentsOf: #"","level":""#.utf8)
    bytes.append(contentsOf: level)
    bytes.append(UInt8(ascii: "\""))
  }

  private static func append(_ fields: LogFieldReader, to bytes: inout [UInt8]) {
    for field in fields {
      let key = String(decoding: field.key, as: UTF8.self)
      if numbers.contains(key), isNumber(field.value) {
        bytes.append(contentsOf: ",\"\(key)\":".utf8)
        bytes.append(contentsOf: field.value)
      } else {
        appendMember(
          own.contains(key) ? key + "_" : key, field.isCut ? field.value + "...".utf8 : field.value, to: &bytes)
      }
    }
  }

  private static func appendMember(_ key: String, _ value: some Collection<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: ",\"\(key)\":".utf8)
    appendString(value, to: &bytes)
  }

  /// RFC 8259 §7. What is no UTF-8 is replaced by U+FFFD; what is not printable ASCII is escaped.
  static func appendString(_ value: some Collection<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    if value.allSatisfy({ (32...126).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      bytes.append(contentsOf: value)
    } else {
      for unit in String(decoding: value, as: UTF8.self).utf16 {
        switch unit {
        case 34, 92: bytes += [92, UInt8(truncatingIfNeeded: unit)]
        case 32...126: bytes.append(UInt8(truncatingIfNeeded: unit))
        default:
          bytes.append(contentsOf: "\\u".utf8)
          for shift in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 15)
            bytes.append(digit < 10 ? 48 + digit : 87 + digit)
          }
        }
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// RFC 8259 §6, of which we write digits and perhaps a point with digits behind it.
  private static func isNumber(_ value: [UInt8]) -> Bool {
    func isDigits(_ part: ArraySlice<UInt8>) -> Bool {
      (1...15).contains(part.count) && part.allSatisfy { (48...57).contains($0) }
    }
    let parts = value.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard let whole = parts.first, isDigits(whole), whole.count == 1 || whole.first != 48 else { return false }
    return parts.count == 1 || parts.count == 2 && isDigits(parts[1])
  }
}

extension Logger.Level {
  /// RFC 5424 §6.2.1.
  init(severity: Int) {
    switch severity {
    case ...2: self = .critical
    case 3: self = .error
    case 4: self = .warning
    case 5: self = .notice
    case 6: self = .info
    default: self = .debug
    }
  }
}
