package import NIOCore

/// What the server says, taken apart, and what the content becomes on its way.
extension ClientSession {
  /// Takes the next whole reply off the front of what the server sent; nil when more bytes are needed. Call again until nil.
  ///
  /// - Parameter heard: gets the reply before what it leads to is done.
  package mutating func read(_ bytes: inout ByteBuffer, heard: (RemoteReply) -> Void = { _ in }) -> Action? {
    switch state {
    // RFC 3207 §4.2: nothing that came in clear is of use under TLS, not even half a blank line.
    case .handshaking, .closed:
      bytes = ByteBuffer()
      return nil
    default: break
    }
    do throws(ReplyFault) {
      guard let reply = try parser.next(&bytes) else { return nil }
      heard(reply)
      return receive(.reply(reply, bytesFollow: follows(bytes)))
    } catch {
      return receive(.malformedReply(error))
    }
  }

  /// Whether the server has more to say behind the reply that was read. Blank lines and bytes of telnet are none of it, and neither is a
  /// 421: a server that shuts down says that to nothing in particular (RFC 5321 §3.8), which makes none of its answers before it doubtful.
  private func follows(_ bytes: ByteBuffer) -> Bool {
    let rest = ReplyParser.significant(bytes.readableBytesView)
    // What stands behind the answer to STARTTLS is never read as a reply.
    return !rest.isEmpty && (state == .startTLS || !rest.starts(with: "421".utf8))
  }

  /// Whether the server listens to the content of the mail under way, or will go on to when it has answered a chunk.
  package var isSendingContent: Bool { state == .mailing && mailing.isSendingContent }

  /// Whether a piece of it may be given now.
  package var wantsContent: Bool { isSendingContent && outlet.takesMore }

  /// Chunks that may await their answers at a time, where the server pipelines.
  static let chunksInFlight = 4

  /// Sends what of the content can be sent now: by DATA what there is, by BDAT a chunk as soon as enough of those before it are answered
  /// (RFC 3030 §4.2: without waiting, where PIPELINING is offered).
  mutating func sendContent() -> Action {
    guard isSendingContent,
      outlet.means == .lines || mailing.outstanding < (capabilities.pipelining ? Self.chunksInFlight : 1),
      let part = outlet.next()
    else { return .wait }
    if part.isLast { endContent() } else if outlet.means == .chunks { mailing.sent(.chunk) }
    guard outlet.means == .chunks else { return .sendOctets(part.octets) }
    return .sendOctets(part.octets, behind: [.bdat(octets: part.octets.readableBytes, isLast: part.isLast)])
  }

  private mutating func endContent() {
    mailing.isSendingContent = false
    switch configuration.dialect {
    case .smtp: mailing.sent(.endOfContent(mailing.accepted))
    // RFC 2033 §4.2: one answer for each recipient that was accepted, in their order.
    case .lmtp: for index in mailing.accepted { mailing.sent(.endOfContent([index])) }
    }
  }

  /// A server may give up before it has seen the end. What it says then counts, unless it says yes: nothing is delivered
  /// before its end was sent.
  mutating func answeredEarly(_ reply: RemoteReply) -> Action {
    if reply.isPositive || reply.isIntermediate { return end(.violation("\(reply)", .content), .close) }
    return end(.refused(reply, .content), .close)
  }
}
