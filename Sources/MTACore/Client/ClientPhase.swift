/// What the client waits for. It decides how long (RFC 5321 §4.5.3.2), and what trouble means.
package enum ClientPhase: Hashable, Sendable {
  case greeting
  /// EHLO, HELO or LHLO.
  case hello
  case startTLS
  case auth
  case rset
  case mail
  case rcpt
  case data
  /// The content is being sent.
  case content
  /// The answer to the end of the content.
  case endOfContent
  case quit
  /// Nothing: between two mails.
  case idle

  /// Whether an answer here is about the mail or a recipient; the others are about the session.
  var isAboutMail: Bool {
    switch self {
    case .mail, .rcpt, .data, .content, .endOfContent: true
    case .greeting, .hello, .startTLS, .auth, .rset, .quit, .idle: false
    }
  }
}

extension ClientPhase: CustomStringConvertible {
  /// The words after "in reply to …".
  package var description: String {
    switch self {
    case .greeting: "the connection"
    case .hello: "EHLO"
    case .startTLS: "STARTTLS"
    case .auth: "AUTH"
    case .rset: "RSET"
    case .mail: "MAIL FROM"
    case .rcpt: "RCPT TO"
    case .data: "DATA"
    case .content: "the content"
    case .endOfContent: "end of DATA"
    case .quit: "QUIT"
    case .idle: "nothing"
    }
  }
}
