import Logging
import MTACore
import MTAReceiver
import MTASystem
import MTATestSupport
import NIOCore
import NIOPosix

@testable import MTAServer

/// Local submission with a store in memory: what a test hands in, and what is queued of it.
final class SubmitStage: Sendable {
  /// Names of three users; the folder's files are read as this process can.
  struct Desk: SubmitDesk {
    var folder: String?

    /// Nobody answers for user 999.
    func name(of user: UInt32) async throws(NoAnswer) -> String? {
      if user == 999 { throw NoAnswer() }
      return [0: "root", 33: "www-data", 1000: "Ann Smith"][user]
    }

    func open(_ name: DropName) async -> Result<OwnedDescriptor, DropDoor.Refusal> {
      DropDoor(folder: folder ?? "").open(name)
    }
  }

  /// Ann lives here, and nobody else.
  struct Hooks: InboundHooks {
    func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
      mailbox.caseFolded == Mailbox("ann@village.example") ? ClientRecord(mailboxID: "ann", ownerID: "ann") : nil
    }
  }

  let store = VolatileStore()
  let clock = ManualClock()
  let service: SubmitService

  /// - Parameter change: of what the settings say.
  init(
    folder: String? = nil, limits: SubmitLimits = SubmitLimits(),
    _ change: (inout SessionConfiguration) -> Void = { _ in }
  ) {
    var session = SessionConfiguration(
      serverName: "mx.village.example", postmaster: "postmaster@village.example",
      localDomains: [Domain("village.example")])
    session.honours = .all
    change(&session)
    let ledger = SubmitLedger(limits, clock: clock)
    let receiver = Receiver(
      Receiver.Configuration(session: session.forLocalUsers, listeners: []), store: store, lookup: LiteralZone()
    ) { chained([SubmitPolicy(ledger: ledger)], before: Hooks()) }
    service = SubmitService(
      receiver, users: LocalUsers(serverName: Domain("mx.village.example"), trusting: [0]), ledger: ledger,
      desk: Desk(folder: folder), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      on: MultiThreadedEventLoopGroup.singleton)
  }

  func send(_ mail: SubmittedMail, as number: UInt32) async throws -> SubmissionEnd {
    guard let user = await service.user(number), let end = await service.take(mail, of: user) else {
      throw StartFailure("no session")
    }
    return end
  }

  static func mail(
    from sender: String?, to recipients: String..., text: String = "From: a@b.example\r\nSubject: x\r\n\r\nhello\r\n"
  ) -> SubmittedMail {
    mail(from: sender, to: recipients, text: text)
  }

  static func mail(from sender: String?, to recipients: [String], text: String) -> SubmittedMail {
    SubmittedMail(
      from: sender.flatMap { Mailbox($0) }.map { .mailbox($0) } ?? .null,
      to: recipients.compactMap { Mailbox($0) }.map { SubmittedMail.Recipient($0) }, content: ByteBuffer(string: text))
  }
}
