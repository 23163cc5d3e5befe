public import Logging
public import MTACore
public import NIOCore
import NIOHTTP1

/// Asks rspamd by its HTTP protocol (`/checkv2` of a normal or proxy worker).
///
/// ```swift
/// configuration.contentFilter = RspamdFilter(
///   at: .server(HostAndPort("127.0.0.1:11333")!), dns: resolver, group: group)
/// ```
///
/// rspamd gets the envelope sender, the first 100 recipients, the client's address, the mail's id, and the name that the client logged
/// in as. Its answer becomes a verdict:
///
/// | action | verdict |
/// |---|---|
/// | `no action`, `greylist` | passed; rspamd says `soft reject` for a mail that should wait |
/// | `add header`, `rewrite subject` | passed, marked as spam |
/// | `soft reject` | deferred |
/// | `reject` | held, or what ``ContentFilterOptions/onReject`` says |
/// | `quarantine`, `discard` | held, discarded |
///
/// Points in the options may hold or reject a mail first. Copies get the same fields as from ``SpamAssassinFilter``, the tests with
/// their points. Other changes that rspamd asks of a milter (`milter` in its answer) are not made.
public struct RspamdFilter: ContentFilter {
  private let desk: FilterDesk
  private let password: String?
  private let rewritesSubject: Bool

  /// - Parameters:
  ///   - password: of the controller worker, if the server is one. It is sent in clear, and is in no log.
  ///   - rewritesSubject: `rewrite subject` gives copies rspamd's subject, which breaks the signatures of the mail. Default false.
  ///   - dns: looks up the server's address when it is given by name.
  ///   - group: runs the connections; the caller shuts it down.
  ///   - logger: gets a line for each check that failed.
  public init(
    at server: FilterServer, _ options: ContentFilterOptions = ContentFilterOptions(), password: String? = nil,
    rewritesSubject: Bool = false, dns: any DNSLookup, group: any EventLoopGroup,
    logger: Logger = Logger(label: "mta.filter")
  ) {
    desk = FilterDesk(server, options, dns: dns, group: group, logger: logger)
    self.password = password
    self.rewritesSubject = rewritesSubject
  }

  public func judge(_ mail: FilteredMail) async -> FilterVerdict {
    let head = head(for: mail)
    let exchange = FilterExchange(
      answerLimit: RspamdAnswerReader.maximumOctets, reader: RspamdAnswerReader(rewritesSubject: rewritesSubject),
      prepare: { try $0.pipeline.syncOperations.addHTTPClientHandlers() },
      ask: { channel in
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        try await mail.forEachPiece { piece in
          try await channel.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(piece))).get()
        }
        try await channel.writeAndFlush(HTTPClientRequestPart.end(nil)).get()
      })
    return await desk.judge(mail, by: exchange)
  }

  /// Whether a field of a request can have this value.
  package static func canSend(_ value: String) -> Bool {
    value.utf8.count <= 1000 && value.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
  }

  private func head(for mail: FilteredMail) -> HTTPRequestHead {
    var headers = HTTPHeaders()
    func add(_ name: String, _ value: String) {
      // What an address may hold and a field of HTTP may not (RFC 9110 §5.5).
      guard Self.canSend(value) else { return }
      headers.add(name: name, value: value)
    }
    add("Host", desk.server.httpHost)
    add("Connection", "close")
    add("Content-Length", "\(mail.size)")
    add("Queue-Id", "\(mail.envelope.id)")
    add("From", "\(mail.envelope.reversePath)")
    for recipient in mail.recipients.prefix(100) { add("Rcpt", "<\(recipient)>") }
    if let address = mail.envelope.clientAddress { add("IP", "\(address)") }
    if let user = mail.envelope.authenticatedAs { add("User", "\(user)") }
    if let password { add("Password", password) }
    return HTTPRequestHead(version: .http1_1, method: .POST, uri: "/checkv2", headers: headers)
  }
}

extension FilterServer {
  /// For the field Host.
  fileprivate var httpHost: String {
    switch self {
    case .server(let server): "\(server)"
    case .unixSocket: "localhost"
    }
  }
}
