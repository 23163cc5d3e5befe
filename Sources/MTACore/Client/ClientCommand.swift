public import NIOCore

/// A command to a server. What it holds was checked to be encodable before: see ``isEncodable(_:)``.
public enum ClientCommand: Hashable, Sendable {
  case ehlo(String)
  case helo(String)
  case lhlo(String)
  case startTLS
  case authPlain(Credentials)
  /// With parameters as they stand on the wire: `SIZE=1024`.
  case mail(ReversePath, parameters: [String])
  case rcpt(Mailbox)
  case data
  case rset
  case quit

  /// Whether an address can stand in a command without changing its meaning: no control characters, and in the domain
  /// neither blanks nor brackets, which a `Domain` made by hand may hold.
  public static func isEncodable(_ mailbox: Mailbox) -> Bool {
    guard mailbox.localPart.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { return false }
    switch mailbox.domain {
    case .literal: return true
    case .name(let name):
      return !name.isEmpty && name.utf8.allSatisfy { $0 > 32 && $0 != 127 && !Self.pathMarks.contains($0) }
    }
  }

  private static let pathMarks: Set<UInt8> = Set("<>@,;:\"\\()[]".utf8)

  /// Whether the credentials can be said by PLAIN: a password, no NUL within (RFC 4616 §2), and a line within RFC 4954 §4's 12,288
  /// octets.
  public static func isEncodable(_ credentials: Credentials) -> Bool {
    guard case .password(let password) = credentials.proof else { return false }
    let parts = [credentials.authorizationID ?? "", credentials.username, password]
    return !parts.contains { $0.utf8.contains(0) } && parts.reduce(2) { $0 + $1.utf8.count } <= 9000
  }

  /// Writes the command as it goes over the wire, CR LF included.
  public func encode(into buffer: inout ByteBuffer) {
    if case .authPlain(let credentials) = self {
      buffer.writeStaticString("AUTH PLAIN ")
      let response =
        (credentials.authorizationID ?? "").utf8.map { $0 } + [0] + credentials.username.utf8 + [0]
        + credentials.password.utf8
      buffer.writeBytes(Base64.encode(response))
    } else {
      buffer.writeString(description)
    }
    buffer.writeStaticString("\r\n")
  }
}

extension ClientCommand: CustomStringConvertible {
  /// The command's line, with credentials left out: fit for logs.
  public var description: String {
    switch self {
    case .ehlo(let name): "EHLO " + name
    case .helo(let name): "HELO " + name
    case .lhlo(let name): "LHLO " + name
    case .startTLS: "STARTTLS"
    case .authPlain: "AUTH PLAIN ***"
    case .mail(let path, let parameters): "MAIL FROM:\(path)" + parameters.map { " " + $0 }.joined()
    case .rcpt(let mailbox): "RCPT TO:<\(mailbox)>"
    case .data: "DATA"
    case .rset: "RSET"
    case .quit: "QUIT"
    }
  }
}
