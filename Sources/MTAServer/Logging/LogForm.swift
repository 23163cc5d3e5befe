import Logging
import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How an entry stands in a log, as bytes.
///
/// A line ends with a line feed. Datagrams have their length before them, as ``LogSocket`` reads it.
enum LogForm {
  /// Who logs.
  struct Origin {
    let host: String
    let process: Int32

    init() {
      var name = [CChar](repeating: 0, count: 256)
      let isKnown = gethostname(&name, name.count - 1) == 0
      let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let isPlain = text.utf8.allSatisfy { (33...126).contains($0) }
      host = isKnown && isPlain && !text.isEmpty ? text : "-"
      process = getpid()
    }
  }

  case lines
  /// An object a line.
  case json
  /// For the master, which relays it.
  case relayed
  /// RFC 5424.
  case syslog(Origin)
  /// RFC 3164, as syslog(3) writes it: without a host, in local time.
  case syslog3164(Origin)
  /// `systemd.journal-fields`, by the native protocol.
  case journal

  /// The name in syslog and the journal.
  static let identifier = "mta"
  /// Of a datagram. What is longer is cut.
  static let maximumDatagram = 65_536

  func append(_ entry: LogEntry, at now: Timestamp, _ times: LineLog.Times, to bytes: inout [UInt8]) {
    switch self {
    case .lines:
      times.append(now, to: &bytes)
      bytes.append(contentsOf: " [".utf8)
      bytes.append(contentsOf: entry.level.rawValue.utf8)
      bytes.append(contentsOf: "] ".utf8)
      Self.appendText(of: entry, to: &bytes)
      bytes.append(UInt8(ascii: "\n"))
    case .json: Self.appendJSON(entry, at: now, times, to: &bytes)
    case .relayed: Self.appendRelayed(entry, to: &bytes)
    case .syslog(let origin):
      Self.appendDatagram(to: &bytes) { bytes in
        // §6.2.1: the facility is mail, number 2.
        bytes.append(contentsOf: "<\(2 * 8 + entry.level.severity)>1 ".utf8)
        times.append(now, to: &bytes)
        bytes.append(contentsOf: " \(origin.host) \(Self.identifier) \(origin.process) - - ".utf8)
        Self.appendText(of: entry, to: &bytes)
      }
    case .syslog3164(let origin):
      Self.appendDatagram(to: &bytes) { bytes in
        let date = LogDate(now, ahead: LineLog.Times.local.ahead(at: now))
        bytes.append(contentsOf: "<\(2 * 8 + entry.level.severity)>\(date.text) ".utf8)
        bytes.append(contentsOf: "\(Self.identifier)[\(origin.process)]: ".utf8)
        Self.appendText(of: entry, to: &bytes)
      }
    case .journal:
      Self.appendDatagram(to: &bytes) { bytes in
        let begin = bytes.count
        bytes.append(contentsOf: "PRIORITY=\(entry.level.severity)\nSYSLOG_IDENTIFIER=\(Self.identifier)\n".utf8)
        bytes.append(contentsOf: "MESSAGE=".utf8)
        Self.appendText(of: entry, to: &bytes)
        bytes.removeLast(max(0, bytes.count - begin - (Self.maximumDatagram - 1)))
        bytes.append(UInt8(ascii: "\n"))
        Self.appendField("label", Array(entry.label.utf8), to: &bytes)
        for field in LogFieldReader(entry.fields.bytes[...]) {
          let before = bytes.count
          let value = field.isCut ? field.value + "...".utf8 : field.value
          Self.appendField(String(decoding: field.key, as: UTF8.self), value, to: &bytes)
          if bytes.count - begin > Self.maximumDatagram { bytes.removeLast(bytes.count - before) }
        }
      }
    }
  }

  static func appendText(of entry: LogEntry, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: entry.label.utf8)
    bytes.append(contentsOf: ": ".utf8)
    if entry.text.utf8.allSatisfy({ (32...126).contains($0) }) {
      bytes.append(contentsOf: entry.text.utf8)
    } else {
      var text = ""
      text.append(escaping: entry.text)
      bytes.append(contentsOf: text.utf8)
    }
    if entry.fields.bytes.isEmpty { return }
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: entry.fields.bytes)
  }

  static func appendDatagram(to bytes: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
    let place = bytes.count
    bytes.append(contentsOf: [0, 0, 0, 0])
    body(&bytes)
    bytes.removeLast(max(0, bytes.count - place - 4 - maximumDatagram))
    let length = bytes.count - place - 4
    for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
  }

  /// Names that mean something to the journal already.
  private static let taken: Set<String> = ["MESSAGE", "MESSAGE_ID", "PRIORITY", "ERRNO", "LABEL"]

  /// The value stands as in ``LogFields``, without quotes.
  private static func appendField(_ key: String, _ value: [UInt8], to bytes: inout [UInt8]) {
    var name = String(
      decoding: key.uppercased().utf8.prefix(50).map { octet in
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): octet
        default: UInt8(ascii: "_")
        }
      }, as: UTF8.self)
    let begins = name.utf8.first.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } ?? false
    if !begins || key != "label" && taken.contains(name) || name.hasPrefix("SYSLOG_") { name = "MTA_" + name }
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: "="))
    bytes.append(contentsOf: LogFields.escaped(value))
    bytes.append(UInt8(ascii: "\n"))
  }
}

extension Logger.Level {
  /// RFC 5424 §6.2.1.
  var severity: Int {
    switch self {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
