import Logging
import MTACore
import MTADelivery
import MTAReceiver
import MTATLS

/// All that new settings put in the place of what holds now, made before anything is replaced.
struct Successor {
  let inForce: MailServer.InForce
  /// Makes the log go elsewhere; nil if it stays.
  let turnLog: (@Sendable () -> Void)?
  private let rooms: Rooms
  private let tls: TLSContext?
  private let renewsAll: Bool

  /// - Parameter renewsAll: if not, only certificates are read anew, from the same files.
  /// - Throws: ``StartFailure`` with all that is wrong, a line each.
  init(_ new: Settings, of old: MailServer.InForce, _ rooms: Rooms, renewsAll: Bool) throws(StartFailure) {
    let settings = renewsAll ? new.keepingWhatWaits(of: old.settings) : old.settings
    var problems: [String] = []
    func tried<Value>(_ body: () throws -> Value) -> Value? {
      do { return try body() } catch {
        problems.append("\(error)")
        return nil
      }
    }
    _ = tried { try settings.check() }
    _ = tried { try OwnFiles(settings).check() }
    var inForce = old
    inForce.settings = settings
    inForce.certificates = tried { try ServerCertificates(reading: settings) } ?? nil
    tls = tried { try inForce.certificates?.makeContext() } ?? nil
    if renewsAll {
      let rewriter = tried { try SRSSecretFile.rewriter(settings) } ?? nil
      inForce.receiver = rooms.parts.receiverConfiguration(settings, rewriter: rewriter)
      inForce.runner = tried { try rooms.runner(of: settings) } ?? nil
      turnLog = tried { try rooms.logs.turning(from: old.settings, to: settings) } ?? nil
    } else {
      turnLog = nil
    }
    if problems.isEmpty, tls == nil, inForce.receiver.listeners.contains(where: \.implicitTLS) {
      problems.append("implicitTLSPorts: need a certificate")
    }
    if !problems.isEmpty { throw StartFailure(problems.joined(separator: "\n")) }
    self.inForce = inForce
    self.rooms = rooms
    self.renewsAll = renewsAll
  }

  func renew(_ receiver: Receiver?) {
    guard renewsAll else {
      if let tls { receiver?.renew(tls: tls) }
      return
    }
    let router = inForce.settings.router(rooms.lookup)
    receiver?.renew(
      rooms.receiverConfiguration(inForce.settings, inForce.receiver, router: router), tls: tls,
      findRoute: { await router.mailRoute(of: $0) })
  }
}
