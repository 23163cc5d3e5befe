import Logging
public import MTACore
import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers

extension MailServer {
  /// Puts a mail for a local user in the queue (Q7), for example about a disk that is almost full. The sender is the null sender, and
  /// From names ``Settings/postmasterName``. It is delivered like any mail for that user: the hooks are asked who that is, and forwards
  /// are followed.
  ///
  /// - Returns: the mail's id, once it is on stable storage.
  /// - Throws: ``AlertFailure``, or what the hook `clientLookup` throws.
  @discardableResult
  public func alert(to mailbox: Mailbox, subject: String, text: String) async throws -> MailID {
    // Hooks are not for root's rights.
    if case .master = house { throw AlertFailure.notQueued(AbsentQueue.refusal) }
    return try await Self.alert(
      to: mailbox, subject: subject, text: text, settings, receiverConfiguration.session, rooms.store,
      logger,
      hooks: hookMaker.withLockedValue { $0 }())
  }

  /// ``alert(to:subject:text:)`` for commands: without a server, or while one runs. A running server delivers the mail within seconds.
  ///
  /// As root it becomes the user of the settings: see ``runQueue(_:_:)``.
  ///
  /// - Throws: ``AlertFailure``, ``StartFailure``, or what the hook `clientLookup` throws.
  @discardableResult
  public static func alert(
    to mailbox: Mailbox, subject: String, text: String, _ settings: Settings, _ parts: Parts = Parts()
  ) async throws -> MailID {
    let logger = try CommandIdentity.take(settings, logging: parts).logger("mta")
    let session = parts.receiverConfiguration(settings).session
    let store = try OpenStore(settings, parts, logger: logger).store
    do {
      let id = try await alert(
        to: mailbox, subject: subject, text: text, settings, session, store, logger, hooks: parts.hookMaker(settings)())
      await store.close()
      return id
    } catch {
      await store.close()
      throw error
    }
  }

  private static func alert(
    to mailbox: Mailbox, subject: String, text: String, _ settings: Settings, _ session: SessionConfiguration,
    _ store: any ServerStore, _ logger: Logger, hooks: any InboundHooks
  ) async throws -> MailID {
    var hooks = hooks
    let recipients = try await session.recipients(of: mailbox) { try await hooks.clientLookup($0) }
    guard !recipients.isEmpty else { throw AlertFailure.noSuchUser(mailbox) }
    let now = SystemClock().now
    let id = MailID(at: now, random: .random(in: .min ... .max), base: settings.messageIDBase)
    let alert = AlertMail(
      to: mailbox, from: settings.postmasterName, subject: subject, text: text,
      serverName: settings.serverName.description)
    do throws(StoreFailure) { try await store.add(alert, for: recipients, id: id, at: now) } catch {
      throw AlertFailure.notQueued(error)
    }
    logger.info("alert queued", metadata: ["id": "\(id)", "to": "\(mailbox)"])
    return id
  }
}

/// An alert that was not queued.
public enum AlertFailure: Error, Hashable, Sendable {
  /// The mailbox does not exist here, or its forwards lead nowhere.
  case noSuchUser(Mailbox)
  case notQueued(StoreFailure)
}

extension AlertFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noSuchUser(let mailbox): "there is no user \(mailbox)"
    case .notQueued(let failure): "the alert was not queued: \(failure)"
    }
  }
}
