import MTACore
import MTATLS
import NIOConcurrencyHelpers
import NIOCore

/// From an accepted channel to the pump of its session.
extension Receiver {
  func prepare(
    _ channel: any Channel, _ listener: Listener, _ loops: [ObjectIdentifier: ReceiverLoop],
    _ admission: Admission? = nil
  ) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      // Here, and not as options of the bootstrap, which sets one after the other by a future each.
      try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
      try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
      try self.welcome(channel, listener, loops, admission)
    }
  }

  private func welcome(
    _ channel: any Channel, _ listener: Listener, _ loops: [ObjectIdentifier: ReceiverLoop], _ admission: Admission?
  ) throws {
    guard let loop = loops[ObjectIdentifier(channel.eventLoop)], let remote = channel.remoteAddress,
      let address = IPAddress(remote)
    else { throw ChannelError.ioOnClosedChannel }
    loop.begin()
    channel.closeFuture.whenComplete { _ in loop.end() }
    let port = UInt16(clamping: remote.port ?? 0)
    let setup = setup.withLockedValue { $0 }
    let listener = setup.listener(listener)
    guard listener.expectsProxy else {
      return try accept(channel, listener, setup, loop, from: address, port: port, admission: admission)
    }
    // Only our own proxies may say who a client is.
    guard setup.configuration.proxies.contains(where: { $0.contains(address) }) else {
      throw ChannelError.ioOnClosedChannel
    }
    let handler = ProxyHandler(patience: TimeAmount(setup.configuration.timing.proxyHeader)) { header in
      // LOCAL, UNKNOWN and families without addresses are the proxy's own health checks; trust is for hosts that connect to us.
      let (client, port) = header.client ?? (address, port)
      try self.accept(
        channel, listener, setup, loop, from: client, port: port, mayBeTrusted: header.client != nil,
        isProxy: header.client == nil, to: header.destination, admission: admission)
    }
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  private func accept(
    _ channel: any Channel, _ listener: Listener, _ setup: ReceiverSetup, _ loop: ReceiverLoop,
    from address: IPAddress, port: UInt16, mayBeTrusted: Bool = true, isProxy: Bool = false,
    to destination: IPAddress? = nil, admission: Admission? = nil
  ) throws {
    let (configuration, tls) = (setup.configuration, setup.tls)
    var environment = setup.environment
    if let entry = admission?.entry { environment.desk = GivenEntry(entry, before: environment.desk) }
    // A port that is encrypted from the first byte never speaks in clear, whatever the settings say by now.
    if listener.implicitTLS, tls == nil { throw ChannelError.ioOnClosedChannel }
    // Some checks say PROXY with the proxy's own address, or come to another port: a listed proxy is no stranger there either.
    let isFrontEnd = isProxy || configuration.isFrontEnd(address)
    guard let counted = census.enter(address, isFrontEnd: isFrontEnd) else {
      let reply = Reply.tooManyConnections(configuration.session.serverName)
      try channel.pipeline.syncOperations.addHandler(TurnAwayHandler(reply))
      environment.tellTurnedAway(
        address, localPort: UInt16(clamping: channel.localAddress?.port ?? Int(listener.address.port)))
      return
    }
    let facts = ConnectionFacts(
      remoteAddress: address, remotePort: port,
      localPort: UInt16(clamping: channel.localAddress?.port ?? Int(listener.address.port)), role: listener.role,
      isTrusted: mayBeTrusted && listener.role == .internalSubmit
        && configuration.trustedNetworks.contains { $0.contains(address) },
      mayUseXCLIENT: mayBeTrusted && configuration.xclientNetworks.contains { $0.contains(address) },
      isFrontEnd: isFrontEnd,
      localAddress: destination
        ?? channel.localAddress?.ipAddress.flatMap { IPAddress(String($0.prefix { $0 != "%" })) })
    var session = configuration.session
    session.speaksLMTP = listener.speaksLMTP
    let number = admission?.number ?? counted
    let connection = ChannelConnection(tls: tls, implicitTLS: listener.implicitTLS) { [session, environment] duplex in
      ConnectionPump(
        ServerSession(session, facts), hooks: self.makeHooks(), environment: environment,
        loop: loop,
        duplex: duplex, number: number)
    } onClose: {
      self.census.leave(address)
    }
    do {
      if listener.implicitTLS, let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(tls)) }
      try channel.pipeline.syncOperations.addHandler(connection)
    } catch {
      census.leave(address)
      throw error
    }
  }
}
