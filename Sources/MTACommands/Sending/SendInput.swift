import ArgumentParser
import MTACore
import MTAReceiver
import MTAServer
import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes the mail of arguments and standard input.
struct SendInput {
  private let arguments: SendArguments
  private let settings: Settings?
  private let submitter: MailServer.Submitter

  init(_ arguments: SendArguments, _ settings: Settings?) throws {
    (self.arguments, self.settings) = (arguments, settings)
    guard let submitter = MailServer.submitter(settings) else {
      throw refusal("this user has no address", .noPermission)
    }
    self.submitter = submitter
  }

  func mail() throws -> SubmittedMail {
    let sender = try sender()
    let session = settings?.receiver.session
    let most = session?.maximumMessageBytes ?? 52_428_800
    let limit = most > 0 ? most : DropFile.maximumContent
    if !arguments.readsRecipients, arguments.recipients.isEmpty {
      throw refusal("no recipients are named; send --help lists the options", .misused)
    }
    var recipients = try arguments.recipients.map { try mailbox($0, "recipient") }
    let input = try standardInput(limit)
    let text: MailText
    var named: [String] = []
    do throws(MailText.Fault) {
      text = try MailText(
        input, limit: limit, headerLimit: session?.maximumHeaderBytes ?? 262_144,
        fieldLimit: session?.maximumHeaderFields ?? 2000)
      if arguments.readsRecipients {
        named = try text.recipients()
      }
    } catch { throw refusal(Self.sentence(error), .wrongData) }
    for address in named { recipients.append(try mailbox(address, "recipient")) }
    guard !recipients.isEmpty else { throw refusal("the mail names no recipients", .wrongData) }
    guard recipients.count <= SubmittedMail.maximumRecipients else {
      throw refusal("more than \(SubmittedMail.maximumRecipients) recipients", .misused)
    }
    let from =
      text.has("From") ? [] : ["From: " + Author(name: arguments.fullName ?? submitter.fullName, author(sender)).text]
    var mail = SubmittedMail(
      from: sender, to: recipients.map { SubmittedMail.Recipient($0, notify: arguments.notify) },
      content: text.content(adding: from, isBlind: arguments.readsRecipients))
    (mail.returns, mail.envelopeID) = (arguments.returns, arguments.envelopeID)
    return mail
  }

  /// Who writes what has no From: the sender, or of reports the caller.
  private func author(_ sender: ReversePath) -> Mailbox { sender.mailbox ?? submitter.mailbox }

  private func sender() throws -> ReversePath {
    guard let text = arguments.sender else { return .mailbox(submitter.mailbox) }
    if text.isEmpty || text == "<>" { return .null }
    return .mailbox(try mailbox(text, "sender"))
  }

  /// A name alone is one of this machine.
  private func mailbox(_ text: String, _ what: String) throws -> Mailbox {
    var address = Substring(text)
    if address.hasPrefix("<"), address.hasSuffix(">") { address = address.dropFirst().dropLast() }
    let mailbox = Mailbox(
      address.utf8.contains(UInt8(ascii: "@")) ? String(address) : "\(address)@\(submitter.mailbox.domain)")
    guard var mailbox else { throw refusal("the \(what) \(SendArguments.shown(text)) is no address", .wrongData) }
    // As in mail of other programs.
    if mailbox.domain == Domain("localhost") {
      mailbox = Mailbox(localPart: mailbox.localPart, domain: submitter.mailbox.domain) ?? mailbox
    }
    return mailbox
  }

  private func standardInput(_ limit: Int) throws -> ByteBuffer {
    var lines = InputLines(endsAtDot: !arguments.ignoresDots, limit: limit)
    while !lines.isAtEnd, !lines.isTooLong {
      guard let piece = LocalFile.piece(of: STDIN_FILENO) else {
        throw refusal("standard input cannot be read: \(FileFailure.text(of: errno))", .noInput)
      }
      if piece.isEmpty { break }
      lines.take(piece)
    }
    if lines.isTooLong { throw refusal(Self.sentence(.tooLarge(limit: limit)), .wrongData) }
    lines.finish()
    return lines.text
  }

  private static func sentence(_ fault: MailText.Fault) -> String {
    switch fault {
    case .tooLarge(let limit): "the mail is larger than \(limit) octets"
    case .headerTooLarge: "the header section is too large"
    case .recipients(let field): "the field \(field) is no list of addresses"
    }
  }
}

/// A name and an address as they stand in From.
struct Author {
  let name: String
  let mailbox: Mailbox

  init(name: String, _ mailbox: Mailbox) { (self.name, self.mailbox) = (name, mailbox) }

  var text: String {
    // Whoever gave the name may not add fields.
    let scalars = name.unicodeScalars.map { scalar -> Unicode.Scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: " "
      default: scalar
      }
    }
    var plain = String.UnicodeScalarView()
    plain.append(contentsOf: scalars.prefix(200))
    let name = String(plain)
    if name.utf8.allSatisfy({ $0 == 32 }) { return "\(mailbox)" }
    guard name.utf8.allSatisfy({ $0 < 127 }) else {
      // One word on a line.
      return EncodedWords.encode(name).split(separator: " ").joined(separator: "\r\n ") + "\r\n <\(mailbox)>"
    }
    let quoted = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"\(quoted)\" <\(mailbox)>"
  }
}
