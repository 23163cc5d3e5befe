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
    case .master: return MailServer.Parts(logger: parts.logger)
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
    case .whole, .queue: try SRSSecretFile.rewriter(settings)
    case .master, .receiver: nil
    }
  }

  /// Hooks of the settings in a receiver have no hashes: the queue process answers logins.
  func hookMaker(_ settings: Settings, _ parts: MailServer.Parts) -> @Sendable () -> any InboundHooks {
    parts.hookMaker(settings)
  }

  /// The store of a process that has no queue.
  var absentQueue: AbsentQueue {
    if case .receiver(_, let link) = self { AbsentQueue(mail: link.store) } else { AbsentQueue(mail: nil) }
  }

  /// Where connections and logins are counted; nil: here.
  var desk: (any ReceptionDesk)? {
    if case .receiver(_, let link) = self { link.desk } else { nil }
  }
}
