import Logging
import MTACore

/// The lines of children, which the master puts into the log. A child writes a digit, its severity by RFC 5424, and the entry without a
/// time. The master reads the digit alone, and puts time, role and number of the process before the rest.
extension LogForm {
  static func appendRelayed(_ entry: LogEntry, to bytes: inout [UInt8]) {
    let begin = bytes.count
    bytes.append(UInt8(truncatingIfNeeded: 48 + entry.level.severity))
    bytes.append(UInt8(ascii: "["))
    bytes.append(contentsOf: entry.level.rawValue.utf8)
    bytes.append(contentsOf: "] ".utf8)
    appendText(of: entry, to: &bytes)
    bytes.removeLast(max(0, bytes.count - begin - (LogRelay.maximumLine - 1)))
    bytes.append(UInt8(ascii: "\n"))
  }

  /// - Parameters:
  ///   - line: what a child wrote, without its end. Whatever it is, it comes to one entry.
  ///   - name: role and number.
  func append(
    relayed line: ArraySlice<UInt8>, from name: String, at now: Timestamp, _ times: LineLog.Times,
    to bytes: inout [UInt8]
  ) {
    var severity = 6
    var rest = line
    if let digit = line.first, (50...55).contains(digit) {
      severity = Int(digit) - 48
      rest = line.dropFirst()
    }
    if case .json = self { return Self.appendJSON(relayed: rest, severity, from: name, at: now, times, to: &bytes) }
    var text = Array(name.utf8) + [32]
    if rest.allSatisfy({ (32...126).contains($0) }) {
      text += rest
    } else {
      var escaped = ""
      escaped.append(escaping: String(decoding: rest, as: UTF8.self))
      text += escaped.utf8
    }
    appendLine(text, severity, at: now, times, to: &bytes)
  }

  private func appendLine(
    _ text: [UInt8], _ severity: Int, at now: Timestamp, _ times: LineLog.Times, to bytes: inout [UInt8]
  ) {
    switch self {
    case .lines, .json, .relayed:
      times.append(now, to: &bytes)
      bytes.append(32)
      bytes += text
      bytes.append(UInt8(ascii: "\n"))
    case .syslog(let origin):
      Self.appendDatagram(to: &bytes) { bytes in
        bytes.append(contentsOf: "<\(2 * 8 + severity)>1 ".utf8)
        times.append(now, to: &bytes)
        bytes.append(contentsOf: " \(origin.host) \(Self.identifier) \(origin.process) - - ".utf8)
        bytes += text
      }
    case .syslog3164(let origin):
      Self.appendDatagram(to: &bytes) { bytes in
        let date = LogDate(now, ahead: LineLog.Times.local.ahead(at: now))
        bytes.append(contentsOf: "<\(2 * 8 + severity)>\(date.text) \(Self.identifier)[\(origin.process)]: ".utf8)
        bytes += text
      }
    case .journal:
      Self.appendDatagram(to: &bytes) { bytes in
        bytes.append(contentsOf: "PRIORITY=\(severity)\nSYSLOG_IDENTIFIER=\(Self.identifier)\nMESSAGE=".utf8)
        bytes += text
        bytes.append(UInt8(ascii: "\n"))
      }
    }
  }
}
