import MTACore
public import MTADelivery
import MTAStore
import MTASystem

extension Settings {
  /// Where events of mails are posted, and how: see `Docs/WEBHOOKS.md`.
  public struct Webhooks: Hashable, Sendable {
    /// Nil: nowhere.
    public var target: WebhookTarget?
    /// Path of the file with the keys that sign. Nil: nothing is signed.
    public var secretFile: String?
    /// The events that are told.
    public var kinds: [Kind] = [.delivered, .deferred, .bounced, .expired]
    /// Without encryption to other machines, too.
    public var allowsClear = false
    /// Of one request.
    public var timeLimit: Duration = .seconds(15)
    /// How long an event is tried.
    public var lifetime: Duration = .seconds(259_200)
    /// Bytes of events that wait, about.
    public var maximumBytes = 67_108_864
    /// Requests at a time, each of another mail.
    public var connections = 8

    /// An event of a copy.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
      case delivered, deferred, bounced, expired, held
    }
  }

  /// Beside the database, so that whoever may write there may write it.
  var webhookPath: String { database + ".webhooks" }

  /// Nil if nothing is told.
  var webhookKeeping: WebhookKeeper.Configuration? {
    guard webhooks.target != nil else { return nil }
    return WebhookKeeper.Configuration(
      path: webhookPath, lifetime: webhooks.lifetime, maximumBytes: webhooks.maximumBytes)
  }

  /// The keys that sign; nil if there is no file.
  ///
  /// - Throws: ``StartFailure`` if they cannot be read.
  func webhookKeys() throws(StartFailure) -> WebhookKeys? {
    guard let target = webhooks.target else { return nil }
    if !target.isEncrypted, !webhooks.allowsClear, !target.isOwnMachine {
      throw StartFailure(
        "eventsTo: \(target.shown) is not encrypted, and not this machine; eventsInClear would allow it")
    }
    guard let file = webhooks.secretFile else { return nil }
    let bytes: [UInt8]
    do throws(FileFailure) { bytes = try InheritedFiles.shared.read(file, upTo: 4096, at: "password.read") } catch {
      throw StartFailure("eventsSecretFile: \(error)")
    }
    guard let keys = WebhookKeys(bytes) else {
      throw StartFailure("eventsSecretFile: a line is not whsec_ and Base64 of 24 to 64 octets, or there is none")
    }
    return keys
  }
}
