import MTACore
import MTATestSupport
import Testing

/// A report taken apart as a mail program would, by other means than it was made.
struct ReportReader {
  let header: [String: String]
  /// Each part's header and text.
  let parts: [(header: [String: String], text: String)]

  init?(_ mail: VolatileStore.Mail) {
    let text = mail.text
    guard let (head, body) = Self.cut(text) else { return nil }
    header = Self.fields(head)
    guard let type = header["content-type"], type.contains("multipart/report"),
      let boundary = type.split(separator: "boundary=\"").last?.split(separator: "\"").first
    else { return nil }
    var pieces = body.components("\r\n--\(boundary)")
    guard pieces.count > 2, pieces.removeLast().hasPrefix("--") else { return nil }
    parts = pieces.dropFirst().compactMap { piece in
      guard piece.hasPrefix("\r\n"), let (head, text) = Self.cut(String(piece.dropFirst())) else { return nil }
      return (Self.fields(head), text)
    }
  }

  /// The groups of fields of the delivery status: the mail's, then each recipient's.
  var status: [[String: String]] {
    guard parts.count > 1 else { return [] }
    return parts[1].text.components("\r\n\r\n").map { Self.fields($0) }.filter { !$0.isEmpty }
  }

  private static func cut(_ text: String) -> (String, String)? {
    let parts = text.components("\r\n\r\n")
    guard parts.count > 1 else { return nil }
    return (parts[0], parts.dropFirst().joined(separator: "\r\n\r\n"))
  }

  private static func fields(_ head: String) -> [String: String] {
    var fields: [String: String] = [:]
    for line in head.components("\r\n\t").joined(separator: " ").components("\r\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return fields
  }
}

extension String {
  func components(_ separator: String) -> [String] {
    var parts: [String] = []
    var rest = Array(utf8)[...]
    let mark = Array(separator.utf8)
    var current: [UInt8] = []
    while !rest.isEmpty {
      if rest.starts(with: mark) {
        parts.append(String(decoding: current, as: UTF8.self))
        current = []
        rest = rest.dropFirst(mark.count)
      } else if let byte = rest.popFirst() {
        current.append(byte)
      }
    }
    return parts + [String(decoding: current, as: UTF8.self)]
  }
}

extension VolatileStore {
  /// The mails from the null path, in the order in which they were queued.
  var reports: [Mail] { mails.filter { $0.envelope.reversePath == .null } }
}
