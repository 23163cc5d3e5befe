package import NIOCore

/// A command to a server. What it holds was checked to be encodable before: see ``isEncodable(_:)``.
package enum ClientCommand: Hashable, Sendable {
  case ehlo(String)
  case helo(String)
  case lhlo(String)
  case startTLS
  case authPlain(Credentials)
  /// The same in two steps, where both would not fit into one line: the server asks for the ``authResponse(_:)``.
  case authPlainAlone
  case authLogin
  /// What the server asked for, said in base 64 and never shown.
  case authResponse(String)
  /// With parameters as they stand on the wire: `SIZE=1024`.
  case mail(ReversePath, parameters: [String])
  case rcpt(Mailbox, parameters: [String] = [])
  case data
  /// The octets follow at once (RFC 3030 §2).
  case bdat(octets: Int, isLast: Bool)
  case rset
  case quit

  /// Whether an address can stand in a command without changing its meaning: no control characters, and in the domain
  /// neither blanks nor brackets, which a `Domain` made by hand may hold.
  package static func isEncodable(_ mailbox: Mailbox) -> Bool {
    guard mailbox.localPart.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { return false }
    switch mailbox.domain {
    case .literal: return true
    case .other: return false
    case .name(let name):
      return !name.isEmpty && name.utf8.allSatisfy { $0 > 32 && $0 != 127 && !Self.pathMarks.contains($0) }
    }
  }

  private static let pathMarks: Set<UInt8> = Set("<>@,;:\"\\()[]".utf8)

  /// Whether a parameter's value can stand in a command: the text of an `esmtp-value` (RFC 5321 §4.1.2), at most so many
  /// octets.
  package static func isEncodable(_ value: String, limit: Int) -> Bool {
    value.utf8.count <= limit && value.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: "=") }
  }

  /// Whether the credentials can be said by PLAIN or LOGIN: a password, no NUL within (RFC 4616 §2), and a line within RFC 4954 §4's 12,288
  /// octets.
  package static func isEncodable(_ credentials: Credentials) -> Bool {
    guard case .password(let password) = credentials.proof else { return false }
    let parts = [credentials.authorizationID ?? "", credentials.username, password]
    return !parts.contains { $0.utf8.contains(0) } && parts.reduce(2) { $0 + $1.utf8.count } <= 9000
  }

  /// RFC 4616 §2.
  static func plainResponse(_ credentials: Credentials) -> String {
    [credentials.authorizationID ?? "", credentials.username, credentials.password].joined(separator: "\0")
  }

  /// RFC 4954 §4: AUTH has no more room than any command, 512 octets (RFC 5321 §4.5.3.1.4); what is asked for behind it has.
  static func fitsBesideAuth(_ credentials: Credentials) -> Bool {
    let octets = plainResponse(credentials).utf8.count
    return "AUTH PLAIN \r\n".utf8.count + (octets + 2) / 3 * 4 <= 512
  }

  /// Writes the command as it goes over the wire, CR LF included.
  package func encode(into buffer: inout ByteBuffer) {
    switch self {
    case .authPlain(let credentials):
      buffer.writeStaticString("AUTH PLAIN ")
      buffer.writeBytes(Base64.encode(Array(Self.plainResponse(credentials).utf8)))
    case .authResponse(let text): buffer.writeBytes(Base64.encode(Array(text.utf8)))
    default: buffer.writeString(description)
    }
    buffer.writeStaticString("\r\n")
  }
}

extension ClientCommand: CustomStringConvertible {
  /// The command's line, with credentials left out: fit for logs.
  package var description: String {
    switch self {
    case .ehlo(let name): "EHLO " + name
    case .helo(let name): "HELO " + name
    case .lhlo(let name): "LHLO " + name
    case .startTLS: "STARTTLS"
    case .authPlain: "AUTH PLAIN ***"
    case .authPlainAlone: "AUTH PLAIN"
    case .authLogin: "AUTH LOGIN"
    case .authResponse: "***"
    case .mail(let path, let parameters): "MAIL FROM:\(path)" + parameters.map { " " + $0 }.joined()
    case .rcpt(let mailbox, let parameters): "RCPT TO:<\(mailbox)>" + parameters.map { " " + $0 }.joined()
    case .data: "DATA"
    case .bdat(let octets, let isLast): "BDAT \(octets)" + (isLast ? " LAST" : "")
    case .rset: "RSET"
    case .quit: "QUIT"
    }
  }
}
