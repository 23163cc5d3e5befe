package import MTACore
import MTASystem
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// Sessions of users of this machine, over Unix sockets. The caller says who a user is, for the kernel told it.
extension Receiver {
  /// For a receiver without listeners: makes it ready for ``serve(_:as:ended:)``. ``shutDown(grace:)`` and ``retire()`` end it as any.
  package func startLocally(on group: any EventLoopGroup) {
    _ = makeLoops(on: group)
    startTicking()
  }

  /// Accepts from a socket that listens, until ``stopListening()``.
  ///
  /// - Parameters:
  ///   - socket: this receiver's from now on.
  ///   - admit: called on a thread of its own with each connected socket, which is the closure's.
  /// - Throws: where the system gives no pipe.
  package func listenLocally(on socket: Int32, _ admit: @escaping @Sendable (Int32) -> Void) throws(LocalListenFailure)
  {
    guard let acceptor = SharedAcceptor(socket, admit) else { throw LocalListenFailure() }
    acceptors.withLockedValue { $0.append(acceptor) }
    acceptor.start()
  }

  /// The session of a local user.
  ///
  /// - Parameters:
  ///   - descriptor: of a connected stream socket; it is this receiver's from now on.
  ///   - ended: called once, when the connection has gone.
  package func serve(_ descriptor: Int32, as user: LocalUser, ended: @escaping @Sendable () -> Void = {}) {
    let end = OnlyOnce(ended)
    guard let loop = state.withLockedValue({ $0.loops.randomElement() }) else {
      withExtendedLifetime(OwnedDescriptor(descriptor)) {}
      return end.call()
    }
    ClientBootstrap(group: loop.eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
          try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
          try self.welcome(channel, user, loop, end)
        }
      }
      // NIO has closed a socket that it could not take.
      .withConnectedSocket(descriptor).whenFailure { _ in end.call() }
  }

  private func welcome(_ channel: any Channel, _ user: LocalUser, _ loop: ReceiverLoop, _ end: OnlyOnce) throws {
    let setup = setup.withLockedValue { $0 }
    let address = IPAddress.v4(0x7f00_0001)
    // One address is many users', and not counted as one client.
    guard let number = census.enter(address, isFrontEnd: true) else {
      try channel.pipeline.syncOperations.addHandler(
        TurnAwayHandler(.tooManyConnections(setup.configuration.session.serverName)))
      return channel.closeFuture.whenComplete { _ in end.call() }
    }
    var facts = ConnectionFacts(
      remoteAddress: address, role: .submission, isTrusted: user.isTrusted, isFrontEnd: true)
    facts.localUser = user
    let session = setup.configuration.session
    let connection = ChannelConnection(tls: nil, implicitTLS: false) { [session, facts] duplex in
      ConnectionPump(
        ServerSession(session, facts), hooks: self.makeHooks(), environment: setup.environment, loop: loop,
        duplex: duplex, number: number)
    } onClose: {
      self.census.leave(address)
      end.call()
    }
    do { try channel.pipeline.syncOperations.addHandler(connection) } catch {
      census.leave(address)
      throw error
    }
  }
}

/// The system gives no pipe for a thread that accepts.
package struct LocalListenFailure: Error {}

/// A closure that is called once, however often somebody asks for it.
private final class OnlyOnce: Sendable {
  private let body: NIOLockedValueBox<(@Sendable () -> Void)?>

  init(_ body: @escaping @Sendable () -> Void) { self.body = NIOLockedValueBox(body) }

  func call() { body.withLockedValue { $0.take() }?() }
}
