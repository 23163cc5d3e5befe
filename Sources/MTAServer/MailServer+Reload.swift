import Logging
public import MTACore
import MTADelivery
import MTAReceiver
import MTASystem
import MTATLS
import NIOConcurrencyHelpers

extension MailServer {
  /// What ``reload()`` puts in place.
  public struct Reload: Sendable {
    /// They hold from now on, except those that need a new socket or a new process; the log names these.
    public var settings: Settings
    /// Makes the hooks of later connections. Nil: the program's own hooks stay. If it has none, the users of these settings are served.
    public var hooks: (@Sendable () -> any InboundHooks)?

    public init(_ settings: Settings, hooks: (@Sendable () -> any InboundHooks)? = nil) {
      self.settings = settings
      self.hooks = hooks
    }
  }

  /// Reopens the log file, and takes over settings, certificates and hooks. SIGHUP calls it.
  ///
  /// New settings hold for later connections and later deliveries. Open connections go on with what they had, and so do deliveries under
  /// way. If anything new is unusable, everything old stays, and the log has all that is wrong.
  public func reload() async {
    switch house {
    case .whole: await tellingReload { await self.takeOver() }
    case .master:
      if let master = master.withLockedValue({ $0?.master }) { await tellingReload { await self.reload(master) } }
    // The master starts others with new settings.
    case .applicant, .queue, .receiver, .acceptor, .web: break
    }
  }

  private func takeOver() async {
    do { try rooms.logs.reopen() } catch {
      logger.error("reload: the log file cannot be reopened; the old one is used", metadata: ["reason": "\(error)"])
    }
    do {
      let new = try await reloading?()
      let old = inForce.withLockedValue { $0 }
      let successor = try Successor(new?.settings ?? firstSettings, of: old, rooms, renewsAll: new != nil)
      let turnWeb = new == nil ? nil : try await webTurn(to: successor.inForce.settings.httpListen)
      successor.turnLog?()
      await turnWeb?()
      if let new {
        let hooks = new.hooks ?? rooms.parts.hookMaker(new.settings)
        hookMaker.withLockedValue { $0 = hooks }
      }
      successor.renew(receiver)
      inForce.withLockedValue { $0 = successor.inForce }
      if let runner = successor.inForce.runner, runner !== old.runner {
        await old.runner?.retire()
        runners.continuation.yield(runner)
      }
      for key in new?.settings.keysThatWait(comparedWith: firstSettings) ?? [] {
        logger.notice("reload: \(key) has changed, which takes effect at the next start")
      }
      for warning in successor.inForce.settings.warnings() { logger.warning("\(warning)") }
      CertificateWatch(clock: SystemClock(), logger: logger).look(at: successor.inForce.certificates)
      logger.notice("reloaded")
      // Nobody waits for it: hooks may look up who knows where.
      if let new { Task { await self.warnOfIgnoredUsers(new.settings) } }
    } catch {
      for problem in "\(error)".split(separator: "\n") {
        logger.error("reload: failed, everything stays as it was", metadata: ["reason": "\(problem)"])
      }
    }
  }
}
