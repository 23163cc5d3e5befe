import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// `contacts prohibit`.
struct ContactsProhibit<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "prohibit", abstract: "Refuse connections of an address or network.",
      discussion: """
        Sessions that are open go on. Clients get a reply that says until when, as in a lockout. It takes the place of an earlier order for \
        the same network; of several networks that have a client the smallest counts.

        Example: \(ProgramName.own) contacts prohibit 192.0.2.0/24 --reason "a flood" --for 2d
        """)
  }

  @OptionGroup var file: SettingsFile
  @OptionGroup var order: OrderOptions

  func run() async throws { try await order.save(.prohibit, "prohibited", file) { try Program.parts($0) } }
}

/// `contacts allow`.
struct ContactsAllow<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "allow", abstract: "Never lock an address or network out, whatever its clients do.",
      discussion: """
        Offences are still counted. It grants nothing else: who may relay stays as it is.

        Example: \(ProgramName.own) contacts allow 198.51.100.7 --reason "our monitor"
        """)
  }

  @OptionGroup var file: SettingsFile
  @OptionGroup var order: OrderOptions

  func run() async throws { try await order.save(.allow, "allowed", file) { try Program.parts($0) } }
}

/// `contacts remove`.
struct ContactsRemove<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "remove", abstract: "End lockouts and orders: the clients of an address or network start anew.",
      discussion: """
        Orders for exactly this network are removed; offences and lockouts of all clients within it are forgotten.

        Example: \(ProgramName.own) contacts remove 203.0.113.7
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "An address, or a network as 192.0.2.0/24.") var network: NetworkArgument

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let done = try await MailServer.forgive(network.network, settings, try Program.parts(settings))
      if done.orders > 0 { Output.line("the order for \(network.network) is removed") }
      Output.line("\(done.clients) client\(done.clients == 1 ? " starts" : "s start") anew")
    }
  }
}

/// What orders about clients share.
struct OrderOptions: ParsableArguments {
  @Argument(help: "An address, or a network as 192.0.2.0/24.") var network: NetworkArgument
  @Option(help: "The reason, for operators.") var reason = Reason("by an operator")
  @Option(name: .customLong("for"), help: "How long it holds: 90s, 15m, 4h, 2d, 1w. Default: until it is removed.")
  var time: TimeSpan?
  @Flag(name: .shortAndLong, help: "Also for more than a /8 of IPv4 or a /16 of IPv6.") var yes = false

  func validate() throws {
    if let time, time.duration <= .zero { throw ValidationError("--for is at least 1s") }
    let least = if case .v4 = network.network.address { 8 } else { 16 }
    guard network.network.prefixLength >= least || yes else {
      throw ValidationError("\(network.network) is a large part of all clients: say --yes")
    }
  }

  func save(
    _ kind: ClientOrder.Kind, _ done: String, _ file: SettingsFile, _ parts: (Settings) throws -> MailServer.Parts
  ) async throws {
    let settings = try file.read()
    let now = SystemClock().now
    try await explained {
      let order = ClientOrder(
        kind, network.network, reason: reason.text, until: time.map { now + $0.duration }, createdAt: now)
      try await MailServer.order(order, settings, try parts(settings))
      Output.line("\(network.network) is \(done)" + (order.until.map { " until \($0.internetInstant)" } ?? ""))
    }
  }
}
