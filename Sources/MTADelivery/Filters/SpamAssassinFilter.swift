public import Logging
public import MTACore
public import NIOCore

/// Asks spamd, the daemon of SpamAssassin, by the protocol of spamc.
///
/// ```swift
/// var options = ContentFilterOptions()
/// options.holdsFrom = 15
/// configuration.contentFilter = SpamAssassinFilter(
///   at: .server(HostAndPort("127.0.0.1:783")!), options, dns: resolver, group: group)
/// ```
///
/// The copies get
///
/// ```
/// X-Spam-Status: Yes, score=7.20 required=5.00 tests=GTUBE, MISSING_DATE
/// X-Spam-Score: 7.20
/// X-Spam-Level: *******
/// X-Spam-Flag: YES
/// ```
///
/// The last one is only on spam, by spamd's word or by the points of ``ContentFilterOptions/marksFrom``. Spam is delivered unless the
/// options hold or reject it. The content is not changed: spamd is asked for its findings (SYMBOLS), not for a rewritten mail.
public struct SpamAssassinFilter: ContentFilter {
  /// The user whose preferences spamd uses.
  public enum User: Hashable, Sendable {
    /// None: the preferences of the whole site.
    case none
    /// The recipient, by its address, when a mail has only one; otherwise none.
    case recipient
    case named(String)
  }

  private let desk: FilterDesk
  private let user: User

  /// - Parameters:
  ///   - dns: looks up the server's address when it is given by name.
  ///   - group: runs the connections; the caller shuts it down.
  ///   - logger: gets a line for each check that failed.
  public init(
    at server: FilterServer, _ options: ContentFilterOptions = ContentFilterOptions(), user: User = .none,
    dns: any DNSLookup, group: any EventLoopGroup, logger: Logger = Logger(label: "mta.filter")
  ) {
    desk = FilterDesk(server, options, dns: dns, group: group, logger: logger)
    self.user = user
  }

  public func judge(_ mail: FilteredMail) async -> FilterVerdict {
    let head = head(for: mail)
    let exchange = FilterExchange(
      answerLimit: SpamdAnswerReader.maximumOctets, reader: SpamdAnswerReader(), prepare: { _ in },
      ask: { channel in
        channel.write(ByteBuffer(string: head), promise: nil)
        try await mail.forEachPiece { try await channel.writeAndFlush($0).get() }
        // spamd reads lines: one without end at the mail's end would keep it waiting.
        try await channel.close(mode: .output).get()
      })
    return await desk.judge(mail, by: exchange)
  }

  private func head(for mail: FilteredMail) -> String {
    let name: String? =
      switch user {
      case .none: nil
      case .recipient: mail.recipients.count == 1 ? mail.recipients[0].caseFolded.description : nil
      case .named(let name): name
      }
    var head = "SYMBOLS SPAMC/1.5\r\nContent-length: \(mail.size)\r\n"
    if let name, (1...320).contains(name.utf8.count), name.utf8.allSatisfy({ (33...126).contains($0) }) {
      head += "User: \(name)\r\n"
    }
    return head + "\r\n"
  }
}
