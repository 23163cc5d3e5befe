package import MTACore
import MTAReceiver
import MTATLS
import NIOCore
import NIOPosix

extension Dialogue {
  /// Whether time passes within a connection of this file: such a script cannot be played over sockets.
  package static func needsVirtualTime(file path: String) throws -> Bool {
    try DialogueScript(file: path).needsVirtualTime
  }

  /// Plays a file against a receiver on a real port of loopback, with real TLS. Each connection has a receiver of its own: what
  /// is known of clients comes from the store. The client's address is told by a PROXY header.
  package func playOverSockets(file path: String, hooks: @escaping @Sendable () -> any InboundHooks) async throws {
    try await tellingTrouble(file: path) {
      let script = try DialogueScript(file: path)
      for act in script.acts {
        switch act {
        case .setting(let line, let setting):
          do throws(DialogueSetting.Fault) { try setting.apply(self) } catch { throw script.fault(line, error.what) }
        case .interlude(let line, let step): try pass(step, line, script)
        case .connection(let steps): try await playOverSocket(steps, script, hooks)
        }
      }
    }
  }

  private func playOverSocket(
    _ steps: [(line: Int, step: DialogueScript.Step)], _ script: DialogueScript,
    _ hooks: @escaping @Sendable () -> any InboundHooks
  ) async throws {
    let receiver = try self.receiver(hooks)
    guard let address = try await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first else { return }
    let client = facts.remoteAddress
    let (family, anywhere) = if case .v4 = client { ("TCP4", "127.0.0.1") } else { ("TCP6", "::1") }
    let here = facts.localAddress.map { "\($0)" } ?? anywhere
    do {
      let tls = try TLSContext.client()
      try await WireClient.connect(to: address) { wire in
        try await wire.send("PROXY \(family) \(client) \(here) \(facts.remotePort) 25\r\n")
        try await DialogueActor(script, WireStage(wire, of: receiver, tls: tls, clock: clock), store).perform(steps)
      }
      // The session ends by its client's leaving, not by ours.
      try await eventually("the server sees the client leave") { receiver.connectionCount == 0 }
    } catch {
      await receiver.shutDown(grace: .zero)
      throw error
    }
    await receiver.shutDown(grace: .zero)
  }

  private func receiver(_ hooks: @escaping @Sendable () -> any InboundHooks) throws -> Receiver {
    var listener = Receiver.Listener(ListenAddress(.loopback4, port: 0), role: facts.role)
    listener.speaksLMTP = configuration.speaksLMTP
    listener.expectsProxy = true
    var settings = Receiver.Configuration(session: configuration, listeners: [listener])
    settings.timing = timing
    // Real time is no part of the script: a machine that is slow or busy takes what it takes.
    settings.timing.proxyHeader = .seconds(1200)
    settings.timing.linger = .seconds(1200)
    settings.timing.hookGrace = .seconds(1200)
    settings.contacts = contacts
    settings.logins = logins
    settings.proxies = Network.loopback
    if facts.isFrontEnd, let own = Network("\(facts.remoteAddress)") { settings.proxies.append(own) }
    let alone = Network("\(facts.remoteAddress)").map { [$0] } ?? []
    settings.trustedNetworks = facts.isTrusted ? alone : []
    settings.xclientNetworks = facts.mayUseXCLIENT ? alone : []
    let tls = configuration.offersTLS ? try TestCertificate.server() : nil
    return Receiver(
      settings, store: store, contacts: store, logins: store, lookup: zone, findRoute: findRoute, tls: tls,
      inspector: inspectorOfZone, clock: clock,
      logger: trouble.logger, hooks: hooks)
  }
}
