import Logging
import MTACore
import MTALink
import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers

extension House {
  /// What this process is: a child by its launch order, otherwise what the settings say.
  static func own(_ settings: Settings) throws -> House {
    guard let order = LaunchOrder.own else {
      switch settings.effectiveIsolation {
      case .inProcess: return .whole
      case .workers: return .master
      case .processPerConnection:
        throw StartFailure("isolation: processPerConnection comes in a later version; workers:N is there")
      }
    }
    guard let control = order.descriptors["control"] else {
      throw StartFailure("this process was started as a part of a server, and has no line to its master")
    }
    let line = MasterLine(MessageSocket(OwnedDescriptor(control)))
    switch order.role {
    case .queue: return .queue(line)
    default:
      let link = LinkClient(linkConfiguration(settings))
      if let descriptor = order.descriptors["link"] { link.connect(descriptor) }
      LoginAuthority.ofThisProcess = LoginAuthority { credentials, _ in
        switch await link.authenticate(credentials, attempt: credentials.check?.attempt ?? 0) {
        case .right(let client, let end): return LoginAuthority.Grant(client, revoke: end)
        case .wrong: return nil
        case .failed: throw StoreFailure.failed("the queue process cannot check the login")
        }
      }
      return .receiver(line, link)
    }
  }

  private static func linkConfiguration(_ settings: Settings) -> LinkClient.Configuration {
    var configuration = LinkClient.Configuration()
    if let logger = try? Logs(settings, nil).logger("mta.link") {
      configuration.notice = { logger.warning("the link has trouble", metadata: ["reason": "\($0)"]) }
    }
    return configuration
  }

  /// The parts of this process. The others are not made.
  func parts(of parts: MailServer.Parts) -> MailServer.Parts {
    switch self {
    case .whole: return parts
    case .master:
      // It makes none but the logger, and is asked which there are.
      return MailServer.Parts(
        hooks: parts.hooks, store: parts.store, localAgent: parts.localAgent, signer: parts.signer, logger: parts.logger
      )
    case .queue:
      // Hooks answer logins and alerts.
      var parts = parts
      (parts.policies, parts.inspector, parts.receiverObservers) = (nil, nil, nil)
      return parts
    case .receiver:
      return MailServer.Parts(
        hooks: parts.hooks, policies: parts.policies, inspector: parts.inspector,
        receiverObservers: parts.receiverObservers, receiver: parts.receiver, resolver: parts.resolver,
        logger: parts.logger)
    }
  }

  /// Who signs and reads rewritten senders. The secret is the queue process's alone.
  func rewriter(_ settings: Settings) throws(StartFailure) -> (any ReversePathRewriter)? {
    switch self {
    case .whole: try SRSSecretFile.rewriter(settings)
    case .receiver: settings.srsDomain.map { SRSClaims(domain: $0) }
    case .master, .queue: nil
    }
  }

  /// The store of a process that has no queue.
  var absentQueue: AbsentQueue {
    if case .receiver(_, let link) = self { AbsentQueue(mail: link.store) } else { AbsentQueue(mail: nil) }
  }

  /// Who rewrites senders where the secret for it is elsewhere; nil: this process, or nobody.
  func rewriting(_ settings: Settings) -> (any RewritingDesk)? {
    if case .receiver(_, let link) = self, settings.srsDomain != nil { LinkRewriting(link: link) } else { nil }
  }

  /// Where connections and logins are counted; nil: here.
  var desk: (any ReceptionDesk)? {
    if case .receiver(_, let link) = self { link.desk } else { nil }
  }
}

/// The queue process rewrites, by its own clock.
private struct LinkRewriting: RewritingDesk {
  let link: LinkClient

  func rewrite(_ sender: Mailbox, at now: Timestamp) async throws -> Mailbox? { try await link.rewrite(sender) }
  func restore(_ recipient: Mailbox, at now: Timestamp) async throws -> Restoration {
    try await link.restore(recipient)
  }
}
