import Logging
import MTACore
import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// A server's local submission: the socket, and the drop folder.
extension MailServer {
  /// What runs of it.
  struct Submission: Sendable {
    let service: SubmitService
    let watch: Task<Void, Never>?
    /// Of this process's own making.
    var socket: NamedSocket?

    /// Takes no more, and returns when what is under way has ended.
    func retire() async {
      watch?.cancel()
      await service.retire()
      await watch?.value
    }

    func stop(grace: Duration) async {
      watch?.cancel()
      socket?.remove()
      await service.shutDown(grace: grace)
      await watch?.value
    }
  }

  /// Makes the drop folder and the socket.
  ///
  /// - Parameter owner: who has the queue; nil: this process's user.
  /// - Throws: ``StartFailure`` naming the setting.
  func makeSubmitPlaces(for owner: LaunchOrder.Owner?) throws(StartFailure) -> NamedSocket? {
    if let folder = settings.maildrop { try DropFolder.make(folder, for: owner) }
    guard let path = settings.submitSocket else { return nil }
    return try NamedSocket(path)
  }

  /// Begins to take mail of local users. Nil if the settings name neither a socket nor a folder for it.
  ///
  /// - Parameters:
  ///   - desk: of who may read the files of others.
  ///   - socket: it listens.
  func startSubmission(_ desk: any SubmitDesk, _ socket: NamedSocket?) throws(StartFailure) -> Submission? {
    let copy = socket.map { $0.descriptor.copy() }
    return try startSubmission(desk, socketNumber: copy, socket)
  }

  /// - Parameter socketNumber: of a socket that listens; it is used up.
  func startSubmission(
    _ desk: any SubmitDesk, socketNumber: Int32?, _ socket: NamedSocket? = nil
  ) throws(StartFailure) -> Submission? {
    let settings = settings
    guard socketNumber != nil || settings.maildrop != nil else { return nil }
    let service = try rooms.submitService(
      settings, receiverConfiguration, desk, alsoTrusting: settings.userName == nil ? Accounts.number : nil
    ) { [hookMaker] in hookMaker.withLockedValue { $0 }() }
    if let socketNumber { try service.listen(on: socketNumber) }
    if let path = settings.submitSocket, socketNumber != nil {
      logger.info("listening on \(path)", metadata: ["service": "submit"])
    }
    var watch: Task<Void, Never>?
    if let folder = settings.maildrop {
      let drops = DropWatch(
        folder, service, maximumMail: receiverConfiguration.session.maximumMessageBytes, logger: logger
      ) { [weak self] in await self?.tellSender(of: $0, $1, $2) }
      watch = Task { await drops.run() }
    }
    return Submission(service: service, watch: watch, socket: socket)
  }

  /// Tells the sender of a mail from the drop folder what the server refused: `send` has ended long ago.
  private func tellSender(of mail: SubmittedMail, _ user: LocalUser, _ end: SubmissionEnd) async {
    var lines = end.refused.map { "\($0.recipient): \($0.reply)" }
    switch end.failure {
    case .reply(let reply)?: lines.append("\(end.queued.isEmpty ? "all recipients" : "the other recipients"): \(reply)")
    case .broken(let reason)?: lines.append("the other recipients: \(reason)")
    case nil: break
    }
    logger.notice(
      "a mail from the drop folder is refused",
      metadata: ["uid": "\(user.number)", "reason": "\(lines.joined(separator: "; "))"])
    // Others may have named a victim as their sender.
    guard let sender = user.isTrusted ? mail.sender.mailbox : user.mailbox else { return }
    let text = """
      A mail that you handed in on \(settings.serverName) while its mail server did not run
      was not sent to these recipients:

      \(lines.prefix(1000).joined(separator: "\n"))

      The mail began with:

      \(String(decoding: mail.content.readableBytesView.prefix(2000), as: UTF8.self))
      """
    do throws(StoreFailure) {
      try await tell(sender, text)
    } catch { logger.error("the sender cannot be told: \(error)") }
  }

  private func tell(_ sender: Mailbox, _ text: String) async throws(StoreFailure) {
    var hooks = hookMaker.withLockedValue { $0 }()
    let known = try? await receiverConfiguration.session.recipients(of: sender) { try await hooks.clientLookup($0) }
    let recipients = known?.isEmpty == false ? known ?? [] : [EnvelopeRecipient(sender, client: nil)]
    let now = SystemClock().now
    let alert = AlertMail(
      to: sender, from: settings.postmasterName, subject: "Your mail was not sent", text: text,
      serverName: settings.serverName.description)
    try await rooms.store.add(
      alert, for: recipients, id: MailID(at: now, random: .random(in: .min ... .max), base: settings.messageIDBase),
      at: now)
  }
}

extension Rooms {
  /// What serves local users.
  ///
  /// - Parameter owner: as of ``LocalUsers``.
  func submitService(
    _ settings: Settings, _ configuration: Receiver.Configuration, _ desk: any SubmitDesk, alsoTrusting owner: UInt32?,
    hooks: @escaping @Sendable () -> any InboundHooks
  ) throws(StartFailure) -> SubmitService {
    var configuration = receiverConfiguration(settings, configuration, router: settings.router(lookup))
    configuration.listeners = []
    configuration.session = configuration.session.forLocalUsers
    // The queue process has the secret, and this is it, or a command in its place.
    configuration.session.rewriter = try SRSSecretFile.rewriter(settings)
    let ledger = SubmitLedger(SubmitLimits(settings), clock: SystemClock())
    let logger = logs.logger("mta.receiver")
    let receiver = Receiver(
      configuration, store: door, contacts: nil, logins: nil, lookup: lookup, logger: logger
    ) { chained([SubmitPolicy(ledger: ledger)], before: hooks()) }
    return SubmitService(
      receiver, users: LocalUsers(settings, alsoTrusting: owner), ledger: ledger, desk: desk, logger: logger, on: group)
  }
}
