import Logging
import MTACore
import MTAReceiver
import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Takes mail of this machine's users: at the socket of the settings, and from the drop folder. Both are sessions of one receiver, with the
/// rules, hooks and limits of mail that users submit.
final class SubmitService: Sendable {
  let receiver: Receiver
  private let users: LocalUsers
  private let ledger: SubmitLedger
  private let names: UserNames
  let desk: any SubmitDesk
  let logger: Logger

  init(
    _ receiver: Receiver, users: LocalUsers, ledger: SubmitLedger, desk: any SubmitDesk, logger: Logger,
    on group: any EventLoopGroup
  ) {
    (self.receiver, self.users, self.ledger, self.desk, self.logger) = (receiver, users, ledger, desk, logger)
    names = UserNames(desk)
    receiver.startLocally(on: group)
  }

  /// Serves whoever connects.
  ///
  /// - Parameter socket: this service's from now on.
  func listen(on socket: Int32) throws(StartFailure) {
    do throws(LocalListenFailure) {
      try receiver.listenLocally(on: socket) { client in
        guard let number = SocketPeer.user(of: client) else { return Self.close(client) }
        Task { await self.welcome(client, number) }
      }
    } catch { throw StartFailure("submitSocket: the system gives no pipe", .system) }
  }

  private func welcome(_ client: Int32, _ number: UInt32) async {
    // A sender whose name is not known would be told, for good, that the address is not its own.
    guard let user = await user(number) else { return Self.turnAway(client, "421 4.3.2 try again later") }
    guard ledger.enter(user) else {
      logger.notice("a local user has too many connections", metadata: ["uid": "\(number)"])
      Self.turnAway(client, "421 4.7.0 too many connections of this user")
      return
    }
    receiver.serve(client, as: user) { [ledger] in ledger.leave(user) }
  }

  /// Nil: it cannot be told now who that is.
  func user(_ number: UInt32) async -> LocalUser? {
    do throws(NoAnswer) { return users.user(number, named: try await names.name(of: number)) } catch { return nil }
  }

  /// Has the session of a user over one end of a pair, and gives the other to `body`.
  func connect(as user: LocalUser) -> OwnedDescriptor? {
    guard let (ours, theirs) = MessageSocket.streamPair() else { return nil }
    let copy = ours.copy()
    guard copy >= 0 else { return nil }
    receiver.serve(copy, as: user)
    return theirs
  }

  /// Hands a mail in for a user, as if the user had come to the socket.
  func take(_ mail: SubmittedMail, of user: LocalUser) async -> SubmissionEnd? {
    guard let socket = connect(as: user) else { return nil }
    return await onThread { SubmissionClient(socket).send(mail) }
  }

  /// Takes no more connections; those that are open end by themselves.
  func retire() async { await receiver.retire() }

  func shutDown(grace: Duration) async { await receiver.shutDown(grace: grace) }

  private static func close(_ client: Int32) { withExtendedLifetime(OwnedDescriptor(client)) {} }

  /// The socket has room for a line.
  private static func turnAway(_ client: Int32, _ reply: String) {
    let socket = OwnedDescriptor(client)
    let line = Array((reply + "\r\n").utf8)
    _ = fcntl(socket.number, F_SETFL, fcntl(socket.number, F_GETFL) | O_NONBLOCK)
    _ = line.withUnsafeBytes { quietSend(socket.number, $0.baseAddress, $0.count) }
  }
}
