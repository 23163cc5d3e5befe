package import NIOCore

/// The server's answer to one command (RFC 5321 §4.2): a code, perhaps an enhanced status, and at least one line of text.
///
/// The text may quote a client. It is made harmless when it is encoded: a reply cannot break its own form, nor carry control characters
/// or overlong lines to a terminal.
public struct Reply: Hashable, Sendable {
  /// 220...554.
  public let code: UInt16
  public let enhanced: EnhancedStatus?
  public let lines: [String]
  /// What is sent behind it: LMTP answers a message once for each of its recipients (RFC 2033 §4.2).
  private var others: [Reply] = []

  public init(_ code: UInt16, _ enhanced: EnhancedStatus, _ text: String) {
    self.init(code, enhanced, lines: [text])
  }

  /// A reply without enhanced status, as the greeting, EHLO's answer and 3yz replies.
  public init(_ code: UInt16, _ text: String) {
    self.init(code, nil, lines: [text])
  }

  /// An empty list of lines counts as one empty line.
  public init(_ code: UInt16, _ enhanced: EnhancedStatus? = nil, lines: [String]) {
    self.code = min(max(code, 200), 599)
    self.enhanced = enhanced
    self.lines = lines.isEmpty ? [""] : lines
  }

  /// This reply to the first recipient, and those to the others.
  func followed(by others: [Reply]) -> Reply {
    var reply = self
    reply.others = others
    return reply
  }

  /// A 2yz or 3yz reply.
  public var isPositive: Bool { code < 400 }
  /// A 4yz reply: the client should try again later.
  public var isTransient: Bool { (400..<500).contains(code) }
  /// A 5yz reply.
  public var isPermanent: Bool { code >= 500 }
}

extension Reply {
  /// Writes the reply in its form on the wire, CR LF included.
  package func encode(into buffer: inout ByteBuffer) {
    encodeOnce(into: &buffer)
    for other in others { other.encodeOnce(into: &buffer) }
  }

  private func encodeOnce(into buffer: inout ByteBuffer) {
    for (index, line) in lines.enumerated() {
      write(number: code, into: &buffer)
      buffer.writeInteger(UInt8(ascii: index == lines.count - 1 ? " " : "-"))
      // RFC 2034 §4: every line of a reply carries the same status, whose class is the code's first digit.
      if let enhanced {
        buffer.writeInteger(UInt8(48 + code / 100))
        buffer.writeInteger(UInt8(ascii: "."))
        write(number: enhanced.subject, into: &buffer)
        buffer.writeInteger(UInt8(ascii: "."))
        write(number: enhanced.detail, into: &buffer)
        buffer.writeInteger(UInt8(ascii: " "))
      }
      // RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets; RFC 4954 §4: a challenge has at most 12,288.
      let limit = code == 334 ? 12_282 : 480
      if line.utf8.count <= limit, line.utf8.allSatisfy({ (32...126).contains($0) }) {
        buffer.writeString(line)
      } else {
        buffer.writeBytes(line.utf8.lazy.prefix(limit).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") })
      }
      buffer.writeStaticString("\r\n")
    }
  }

  private func write(number: UInt16, into buffer: inout ByteBuffer) {
    var divisor: UInt16 = number >= 100 ? 100 : number >= 10 ? 10 : 1
    if number >= 1000 { divisor = number >= 10_000 ? 10_000 : 1000 }
    while divisor > 0 {
      buffer.writeInteger(UInt8(48 + number / divisor % 10))
      divisor /= 10
    }
  }
}

extension Reply: CustomStringConvertible {
  /// The form on the wire, with lines joined by " / ": for logs.
  public var description: String { wireLines.joined(separator: " / ") }

  /// The lines as on the wire, without CR LF.
  package var wireLines: [String] {
    var buffer = ByteBuffer()
    encode(into: &buffer)
    return buffer.readableBytesView.split(separator: UInt8(ascii: "\n")).map {
      String(decoding: $0.dropLast(), as: UTF8.self)
    }
  }
}
