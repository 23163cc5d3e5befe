import Logging
public import MTACore
import MTAReceiver
import MTASystem
import MTATLS
import NIOConcurrencyHelpers

extension MailServer {
  /// What ``reload()`` puts in place.
  public struct Reload: Sendable {
    /// The server takes certificate and key from them. Other settings that differ take effect at the next start; the log names them.
    public var settings: Settings
    /// Makes the hooks of later connections. Nil: the program's own hooks stay. If it has none, the users of these settings are served.
    public var hooks: (@Sendable () -> any InboundHooks)?

    public init(_ settings: Settings, hooks: (@Sendable () -> any InboundHooks)? = nil) {
      self.settings = settings
      self.hooks = hooks
    }
  }

  /// Reopens the log file, and reads certificate, key and hooks anew. SIGHUP calls it.
  ///
  /// Open connections go on with their hooks and their certificate. If anything new is unusable, everything old stays, and the log says
  /// what is wrong.
  public func reload() async {
    switch house {
    case .whole: await tellingReload { await self.takeOver() }
    case .master:
      if let post = master.withLockedValue({ $0 }) { await tellingReload { await self.reloadMaster(post) } }
    // The master starts others with new settings.
    case .queue, .receiver: break
    }
  }

  private func takeOver() async {
    do { try rooms.logs.reopen() } catch {
      logger.error("reload: the log file cannot be reopened; the old one is used", metadata: ["reason": "\(error)"])
    }
    do {
      let new = try await reloading?()
      try new?.settings.check()
      let read = try ServerCertificates(reading: new?.settings ?? settings)
      if let tls = try read?.makeContext(), certificates.withLockedValue({ $0 != nil }) {
        receiver?.renew(tls: tls)
        certificates.withLockedValue { $0 = read }
      }
      if let new {
        let hooks = new.hooks ?? rooms.parts.hookMaker(new.settings)
        hookMaker.withLockedValue { $0 = hooks }
        for key in new.settings.keysThatWait(comparedWith: settings) {
          logger.notice("reload: \(key) has changed, which takes effect at the next start")
        }
      }
      for warning in (new?.settings ?? settings).warnings() { logger.warning("\(warning)") }
      CertificateWatch(clock: SystemClock(), logger: logger).look(at: certificates.withLockedValue { $0 })
      logger.notice("reloaded")
      // Nobody waits for it: hooks may look up who knows where.
      if let new { Task { await self.warnOfIgnoredUsers(new.settings) } }
    } catch {
      logger.error("reload: failed, everything stays as it was", metadata: ["reason": "\(error)"])
    }
  }
}

extension Settings {
  /// The keys of a settings file that differ and that a reload does not change.
  func keysThatWait(comparedWith old: Settings) -> [String] {
    var keys = Set(given.keys).union(old.given.keys).filter { given[$0] != old.given[$0] }
    keys.subtract(SettingsTable.rows.filter(\.isReloaded).map(\.key))
    // Where there was no TLS none is offered, and what was offered is not taken back, before the next start.
    if hasCertificate != old.hasCertificate { keys.insert("certificate") }
    return keys.sorted()
  }
}
