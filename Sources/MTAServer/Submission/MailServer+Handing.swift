import Logging
package import MTACore
import MTAReceiver
package import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The ways on which `send` hands a mail in.
package enum SubmissionWay: Sendable {
  /// To the server at this socket.
  case server(OwnedDescriptor)
  /// Into the queue, by this process.
  case queue
  /// Into this drop folder.
  case folder(String)
}

extension MailServer {
  /// The way for this process's user: the server's socket, else the queue for those who may open it, else the drop folder.
  ///
  /// - Parameter settings: nil where this user may not read them: then ``wellKnownSocket`` and ``wellKnownFolder`` are tried.
  /// - Returns: nil if there is none.
  package static func submissionWay(_ settings: Settings?) -> SubmissionWay? {
    let path = settings == nil ? wellKnownSocket : settings?.submitSocket
    if let path, case .success(let socket) = NamedSocket.connect(to: path), isServer(socket, settings) {
      return .server(socket)
    }
    return submissionWayWithoutServer(settings)
  }

  package static func submissionWayWithoutServer(_ settings: Settings?) -> SubmissionWay? {
    if let settings, mayOpenQueue(settings) { return .queue }
    return (settings == nil ? wellKnownFolder : settings?.maildrop).map { .folder($0) }
  }

  /// Who hands in.
  package struct Submitter: Sendable {
    package let mailbox: Mailbox
    package let fullName: String
  }

  /// The calling user. Nil if no address can be made of it.
  ///
  /// - Parameter settings: nil where they may not be read: then the address is at `localhost`, which stands for the server's name.
  package static func submitter(_ settings: Settings?) -> Submitter? {
    let number = getuid()
    let domain = settings?.serverName ?? Domain("localhost")
    let entry = SystemAccount.entry(of: number)
    return LocalUsers(serverName: domain, trusting: []).user(number, named: entry?.name)
      .map { Submitter(mailbox: $0.mailbox, fullName: entry?.fullName ?? "") }
  }

  /// Whether the calling user may name this sender: for the drop folder, where no server says so at once.
  ///
  /// - Parameter settings: nil where they may not be read; the server decides later.
  package static func maySend(from sender: ReversePath, _ settings: Settings?) -> Bool {
    guard let settings, let user = LocalUsers(settings).user(getuid(), named: SystemAccount.entry(of: getuid())?.name)
    else { return true }
    return user.isTrusted || sender.mailbox.map { user.owns($0) } ?? false
  }

  /// Where the socket and the folder are looked for by users who may not read the settings.
  package static let wellKnownSocket = "/run/swift-mta/submit"
  package static let wellKnownFolder = "/var/spool/swift-mta/maildrop"

  /// Whether the one who listens may be the server: root, this user, or whoever has the queue. Somebody else may have taken the name while no
  /// server runs, where others can write the folder.
  static func isServer(_ socket: OwnedDescriptor, _ settings: Settings?) -> Bool {
    guard let peer = SocketPeer.user(of: socket.number) else { return false }
    if peer == 0 || peer == Accounts.number { return true }
    if let name = settings?.userName, (try? SystemAccount.user(name))?.id == peer { return true }
    var status = stat()
    return settings.map { lstat($0.database, &status) == 0 && status.st_uid == peer } ?? false
  }

  /// Root, and the user of the settings; without one, whoever has the queue or would make it.
  private static func mayOpenQueue(_ settings: Settings) -> Bool {
    if Accounts.isRoot { return true }
    if let name = settings.userName { return (try? SystemAccount.user(name))?.id == Accounts.number }
    var status = stat()
    for path in [settings.database, settings.mailQueue] where lstat(path, &status) == 0 {
      return status.st_uid == Accounts.number
    }
    return PathName.isWritable(DurableFiles.parent(of: settings.database))
  }

  /// Has a session of the calling user in this process, with the settings' queue, and gives a connection to it to `body`, on a thread of its
  /// own. A running server delivers what is queued within seconds.
  ///
  /// As root it becomes the user of the settings: see ``runQueue(_:_:)``.
  ///
  /// - Throws: ``StartFailure``, naming the setting or the part.
  package static func withSubmission<Result: Sendable>(
    _ settings: Settings, _ parts: Parts, _ body: @escaping @Sendable (OwnedDescriptor) -> Result
  ) async throws -> Result {
    let number = getuid()
    let name = SystemAccount.entry(of: number)?.name
    let trusted = settings.userName == nil ? number : nil
    var parts = parts
    parts.deliveryObservers = nil
    // Programs that send mail show what is said to whoever ran them, or take it for a failure.
    if parts.logger == nil, settings.logTarget == .stderr || settings.logTarget == .file && settings.logFile == nil {
      parts.logger = { Logger(label: $0) { _ in SwiftLogNoOpLogHandler() } }
    }
    let logs = try CommandIdentity.take(settings, logging: parts)
    let rooms = try Rooms(settings, parts, delivers: false, logs: logs)
    defer { logs.drain() }
    do {
      let service = try rooms.submitService(
        settings, parts.receiverConfiguration(settings), OwnDesk(door: nil), alsoTrusting: trusted,
        hooks: parts.hookMaker(settings))
      guard let user = LocalUsers(settings, alsoTrusting: trusted).user(number, named: name),
        let socket = service.connect(as: user)
      else { throw StartFailure("this machine gives no pair of sockets", .system) }
      let result = await onThread { body(socket) }
      await service.shutDown(grace: .seconds(5))
      await rooms.close()
      return result
    } catch {
      await rooms.close()
      throw error
    }
  }
}
