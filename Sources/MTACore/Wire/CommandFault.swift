/// What is wrong with a command line. Each fault knows its reply.
package enum CommandFault: Error, Hashable, Sendable {
  case unknownVerb(String)
  /// An HTTP request: a browser or a proxy sent here to speak for somebody else.
  case http
  case controlCharacter
  case notUTF8
  case domainSyntax
  case noSender
  case senderLocalPart(String)
  case noRecipient
  case recipientLocalPart(String)
  case needsSMTPUTF8
  case unknownParameter
  case badParameter
  case unexpectedArgument

  package var reply: Reply {
    switch self {
    case .unknownVerb, .http: .unknownCommand
    case .controlCharacter: .strayControl
    case .notUTF8: .notUTF8
    case .domainSyntax: .domainSyntax
    case .noSender: .noSender
    case .senderLocalPart(let fault): .senderLocalPart(fault)
    case .noRecipient: .noRecipient
    case .recipientLocalPart(let fault): .recipientLocalPart(fault)
    case .needsSMTPUTF8: .needsSMTPUTF8
    case .unknownParameter: .unknownParameter
    case .badParameter: .badParameter
    case .unexpectedArgument: .noArgument
    }
  }
}
