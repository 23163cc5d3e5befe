import Logging
import MTACore
import MTAReceiver
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Lines of the log about the server as a whole, and about what operators do.
extension MailServer {
  /// The first line of a start: which program this is, and how it runs.
  func tellStart() {
    EventLog(logger).write(.info, "starting") { fields in
      fields.append("version", Self.version)
      fields.append("name", settings.serverName.description)
      fields.append("process", number: getpid())
      fields.append("isolation", "\(settings.effectiveIsolation)")
      if let user = settings.userName { fields.append("user", user) }
      fields.append("queue", settings.mailQueue)
    }
  }

  /// A port is open.
  func tellListening(_ address: ListenAddress, by settings: Settings) {
    let listeners = rooms.parts.receiverConfiguration(settings).listeners
    let listener = listeners.first { $0.address == address } ?? listeners.first { $0.address.port == address.port }
    let host = address.address.map { "\($0)" } ?? "?"
    guard let listener else { return logger.info("listening on \(host) port \(address.port)") }
    let tls = listener.implicitTLS ? "implicit" : settings.hasCertificate ? "starttls" : "none"
    logger.info(
      "listening on \(host) port \(address.port)",
      metadata: [
        "service": "\(listener.role.rawValue)", "protocol": listener.speaksLMTP ? "lmtp" : "smtp", "tls": "\(tls)",
      ])
  }
}

/// The log of a command that changes the queue, for its line about that.
struct OperatorLog {
  private let logs: Logs?
  private let user = getuid()

  /// Call it before the command becomes the user of the settings, for the log may be root's. A command whose user may not write the log
  /// does its work without a line; so does one whose log is its own standard error, for it prints what it did.
  init(_ settings: Settings, _ parts: MailServer.Parts) {
    logs = try? Self.open(settings, parts)
  }

  private static func open(_ settings: Settings, _ parts: MailServer.Parts) throws -> Logs? {
    try OwnFiles(settings).check()
    let logs = try Logs(settings, parts.logger)
    return logs.isStandardError ? nil : logs
  }

  /// - Parameters:
  ///   - mails: the ids by which copies were chosen; empty if they were chosen otherwise.
  ///   - count: of copies that were changed.
  func tell(_ change: QueueChange, of mails: [MailID], _ count: Int) {
    guard count > 0 else { return }
    log(change.event, because: change.reason) { fields in
      if mails.count == 1, let id = mails.first { fields.append("id", id.description) }
      fields.append("parcels", number: count)
    }
  }

  /// - Parameter clients: how many contacts had an offence that is forgotten.
  func tell(_ kind: ClientOrder.Kind, _ network: Network, clients: Int? = nil, because reason: String? = nil) {
    let event =
      switch kind {
      case .prohibit: "clients prohibited by an operator"
      case .allow: "clients allowed by an operator"
      case .forgive: "clients forgiven by an operator"
      }
    log(event, because: reason) { fields in
      fields.append("network", network.description)
      if let clients { fields.append("clients", number: clients) }
    }
  }

  /// - Parameters:
  ///   - isGone: the order was removed.
  ///   - count: of copies, or of counts, that it concerned.
  func tell(_ order: AccountOrder, isGone: Bool = false, _ count: Int? = nil) {
    let event =
      switch order.kind {
      case .suspendUser: isGone ? "user resumed by an operator" : "user suspended by an operator"
      case .suspendDomain: isGone ? "domain resumed by an operator" : "domain suspended by an operator"
      case .resetLimits: "sending counts reset by an operator"
      }
    log(event, because: isGone || order.reason.isEmpty ? nil : order.reason) { fields in
      switch order.kind {
      case .suspendUser: fields.append("user", order.name, limit: 255)
      case .suspendDomain: fields.append("domain", order.name, limit: 255)
      case .resetLimits: fields.append("of", order.name, limit: 255)
      }
      if let count { fields.append("count", number: count) }
    }
  }

  private func log(_ event: String, because reason: String?, _ body: (inout LogFields) -> Void) {
    guard let logs else { return }
    EventLog(logs.logger("mta.operator")).write(.notice, event) { fields in
      body(&fields)
      fields.append("uid", number: user)
      if let reason { fields.append("reason", reason) }
    }
    logs.drain()
  }
}

extension QueueChange {
  fileprivate var event: String {
    switch self {
    case .hold: "held by an operator"
    case .release: "released by an operator"
    case .forceRelease: "released by an operator with its content as it is"
    case .retry: "made due by an operator"
    case .bounce: "given up by an operator"
    case .delete: "deleted by an operator"
    case .move: "moved by an operator"
    }
  }

  fileprivate var reason: String? {
    switch self {
    case .hold(let reason), .bounce(let reason), .delete(let reason): reason
    case .move(let place): place?.description ?? "none"
    case .release, .forceRelease, .retry: nil
    }
  }
}
