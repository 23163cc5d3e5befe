import ArgumentParser
import MTACore
import MTADelivery
import NIOPosix

/// ```
/// $ ExampleServer probe mx.example.org:25
/// 220 mx.example.org ESMTP
/// $ ExampleServer probe 192.0.2.1:25 --json
/// {"address":"192.0.2.1","code":220,"outcome":"greeting","reason":"","reply":"220 mx.example.org ESMTP"}
/// ```
struct ProbeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Check whether a mail server is there: read its greeting and quit.",
    discussion: """
      Never says MAIL or RCPT. Exits 0 when the server takes mail (its greeting is 2xx), 1 when it greets and refuses, 2 when it \
      does not greet, 64 for text that is not a server.
      """)

  @Argument(help: "HOST:PORT, HOST a name, an IPv4 address or an IPv6 address in brackets.") var server: String
  @Option(help: "How long the probe may take, in seconds.") var timeout = 30.0
  @Flag(help: "Print one JSON object: outcome, code, reply, address, reason.") var json = false

  private struct Report: Encodable {
    /// `greeting` or `failure`.
    var outcome: String
    /// 0 without a greeting.
    var code: UInt16 = 0
    /// The greeting on one line, code and all.
    var reply = ""
    var address = ""
    /// Why there is no greeting.
    var reason = ""
  }

  func validate() throws {
    _ = try place()
    guard timeout > 0, timeout <= 3600 else { throw ValidationError("--timeout is between 0 and 3600 seconds") }
  }

  func run() async throws {
    let place = try place()
    let timeout = timeout
    let finding = try await ResolverOptions.parse([]).withResolver(deadline: .seconds(timeout)) { resolver in
      await ServerProbe(
        dns: resolver, group: MultiThreadedEventLoopGroup.singleton, timeLimit: .seconds(timeout)
      ).probe(host: place.host.description, port: Int(place.port))
    }
    switch finding {
    case .greeting(let reply, let address):
      if json {
        let report = Report(
          outcome: "greeting", code: reply.code, reply: reply.description, address: address.description)
        try Output.json(report)
      } else {
        print(reply)
      }
      if !reply.isPositive { throw ExitCode(1) }
    case .failure(let failure):
      if json {
        try Output.json(Report(outcome: "failure", reason: failure.description))
      } else {
        Output.complain(failure.description)
      }
      throw ExitCode(2)
    }
  }

  private func place() throws -> HostAndPort {
    guard let place = HostAndPort(server) else { throw ValidationError("\(server) is no HOST:PORT") }
    return place
  }
}
