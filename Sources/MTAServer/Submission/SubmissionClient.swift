package import MTACore
package import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the server answered a mail that was handed in.
package struct SubmissionEnd: Sendable {
  package struct Refused: Sendable {
    package let recipient: Mailbox
    package let reply: RemoteReply
  }

  /// The answers that say that the mail is queued: one, or several where it has more recipients than one transaction takes.
  package fileprivate(set) var queued: [RemoteReply] = []
  /// These recipients get nothing.
  package fileprivate(set) var refused: [Refused] = []
  /// These have no answer.
  package fileprivate(set) var rest: [SubmittedMail.Recipient] = []
  /// Ended it before all recipients had their answer.
  package fileprivate(set) var failure: Failure?

  package enum Failure: Error, Sendable {
    /// The server refused the mail, or does not serve.
    case reply(RemoteReply)
    /// The connection broke: it is unknown what became of what was sent last.
    case broken(String)
  }

  /// The same without what may be tried again.
  package var refusedForGood: SubmissionEnd {
    var end = self
    (end.failure, end.rest) = (nil, [])
    return end
  }

  /// Nothing of it is queued, and another try may help.
  package var mayBeTriedAgain: Bool { queued.isEmpty && isForNow }

  /// Some recipients have it, and another try may help the rest.
  package var restMayBeTriedAgain: Bool { !queued.isEmpty && isForNow }

  private var isForNow: Bool {
    switch failure {
    case .broken: true
    case .reply(let reply): reply.isTransient
    case nil: false
    }
  }
}

/// Hands a mail in by SMTP over a connected socket. It blocks, and waits ten minutes for an answer at most.
package struct SubmissionClient: ~Copyable {
  private let socket: OwnedDescriptor
  private var parser = ReplyParser()
  private var input = ByteBuffer()

  package init(_ socket: OwnedDescriptor) {
    self.socket = socket
    var patience = timeval(tv_sec: 600, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(socket.number, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  /// Where a recipient is refused for now, nothing is queued for any: a second try doubles nothing. The others get the mail where one is
  /// refused for good.
  package consuming func send(_ mail: SubmittedMail) -> SubmissionEnd {
    var end = SubmissionEnd()
    do throws(SubmissionEnd.Failure) {
      let greeting = try reply()
      try expect(greeting)
      let mail = Self.qualified(mail, by: greeting)
      let capabilities = try ask("EHLO [127.0.0.1]")
      try expect(capabilities)
      let words = capabilities.lines.map { String(decoding: $0, as: UTF8.self) }
      end.rest = mail.recipients
      while !end.rest.isEmpty { end.rest = Array(try transact(mail, end.rest[...], words, &end)) }
      _ = try? ask("QUIT")
    } catch {
      end.failure = error
      let refused = Set(end.refused.map(\.recipient))
      end.rest.removeAll { refused.contains($0.mailbox) }
    }
    return end
  }

  /// `localhost` stands for the server's name, which the greeting begins with.
  private static func qualified(_ mail: SubmittedMail, by greeting: RemoteReply) -> SubmittedMail {
    guard let word = greeting.lines.first?.split(separator: 32).first,
      let name = Domain(bytes: Array(word), international: false),
      let localhost = Domain(bytes: Array("localhost".utf8), international: false)
    else { return mail }
    func named(_ mailbox: Mailbox) -> Mailbox {
      mailbox.domain == localhost ? Mailbox(localPart: mailbox.localPart, domain: name) ?? mailbox : mailbox
    }
    var mail = mail
    mail.sender = mail.sender.mailbox.map { .mailbox(named($0)) } ?? .null
    for place in mail.recipients.indices { mail.recipients[place].mailbox = named(mail.recipients[place].mailbox) }
    return mail
  }

  /// - Returns: the recipients that this transaction had no room for.
  private mutating func transact(
    _ mail: SubmittedMail, _ recipients: ArraySlice<SubmittedMail.Recipient>, _ capabilities: [String],
    _ end: inout SubmissionEnd
  ) throws(SubmissionEnd.Failure) -> ArraySlice<SubmittedMail.Recipient> {
    try expect(try ask("MAIL FROM:\(DropFile.path(mail.sender))\(Self.parameters(of: mail, capabilities))"))
    var rest = recipients[...]
    var accepted = 0
    while let recipient = rest.first {
      var command = "RCPT TO:<\(recipient.mailbox)>"
      if let notify = recipient.notify, capabilities.contains("DSN") { command += " NOTIFY=\(notify)" }
      let reply = try ask(command)
      // RFC 5321 §4.5.3.1.10: the others go with another transaction.
      if reply.code == 452, reply.enhanced == EnhancedStatus(5, 3), accepted > 0 { break }
      rest = rest.dropFirst()
      if reply.isPositive {
        accepted += 1
      } else if reply.isPermanent {
        end.refused.append(SubmissionEnd.Refused(recipient: recipient.mailbox, reply: reply))
      } else {
        throw .reply(reply)
      }
    }
    guard accepted > 0 else {
      try expect(try ask("RSET"))
      return rest
    }
    let start = try ask("DATA")
    guard start.code == 354 else { throw .reply(start) }
    end.queued.append(try deliver(mail.content))
    return rest
  }

  private mutating func deliver(_ content: ByteBuffer) throws(SubmissionEnd.Failure) -> RemoteReply {
    var stuffer = DotStuffer()
    var content = content
    while let piece = content.readSlice(length: min(content.readableBytes, 1 << 18)), piece.readableBytes > 0 {
      var out = ByteBuffer()
      stuffer.write(piece, into: &out)
      try say(out)
    }
    var out = ByteBuffer()
    stuffer.finish(into: &out)
    try say(out)
    let reply = try reply()
    try expect(reply)
    return reply
  }

  private static func parameters(of mail: SubmittedMail, _ capabilities: [String]) -> String {
    var text = " SIZE=\(mail.content.readableBytes)"
    if mail.content.readableBytesView.contains(where: { $0 >= 128 }) { text += " BODY=8BITMIME" }
    let isInternational =
      mail.sender.mailbox?.isInternational == true || mail.recipients.contains { $0.mailbox.isInternational }
    if isInternational, capabilities.contains("SMTPUTF8") { text += " SMTPUTF8" }
    guard capabilities.contains("DSN") else { return text }
    if let returns = mail.returns { text += " RET=\(returns.rawValue)" }
    if let id = mail.envelopeID { text += " ENVID=" + String(decoding: XText.encode(id.utf8), as: UTF8.self) }
    return text
  }

  private func expect(_ reply: RemoteReply) throws(SubmissionEnd.Failure) {
    if !reply.isPositive { throw .reply(reply) }
  }

  private mutating func ask(_ command: String) throws(SubmissionEnd.Failure) -> RemoteReply {
    try say(ByteBuffer(string: command + "\r\n"))
    return try reply()
  }

  private mutating func reply() throws(SubmissionEnd.Failure) -> RemoteReply {
    while true {
      do throws(ReplyFault) {
        if let reply = try parser.next(&input) { return reply }
      } catch { throw .broken("the server's answer is none of SMTP") }
      var piece = [UInt8](repeating: 0, count: 4096)
      let count = recv(socket.number, &piece, piece.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw .broken(count == 0 ? "the server has closed the connection" : FileFailure.text(of: errno))
      }
      input.writeBytes(piece.prefix(count))
    }
  }

  private func say(_ bytes: ByteBuffer) throws(SubmissionEnd.Failure) {
    var rest = bytes.readableBytesView
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { quietSend(socket.number, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .broken(FileFailure.text(of: errno)) }
      rest = rest.dropFirst(count)
    }
  }
}

/// send(2) without a signal where the other end is gone.
func quietSend(_ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  #if canImport(Glibc)
    Glibc.send(socket, bytes, count, Int32(MSG_NOSIGNAL))
  #else
    Darwin.send(socket, bytes, count, 0)
  #endif
}
