import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// ```
/// $ ExampleServer trace --client 192.0.2.0/24
/// 2026-11-30T08:15:02.117Z 1wKf0gk3Q-2a in 192.0.2.7 <- 220 mx.village.example ESMTP
/// 2026-11-30T08:15:02.119Z 1wKf0gk3Q-2a in 192.0.2.7 -> EHLO client.example
/// ```
struct TraceCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "trace", abstract: "Follow the dialogues of the running server, with clients and with next hops.",
      discussion: """
        Prints a line for each command and reply: time, session, in (from a client) or out (to a next hop), the peer, and what was said; \
        -> is to the server of the dialogue, <- its reply. Credentials and content are left out. Sessions that are open already are \
        shown from now on. It ends with the server, with ^C, or as --for and --count say.

        With --domain a session is shown once its sender or a recipient has that domain, with what was said before; of dialogues with \
        next hops also those with the host of that name.

        Example: \(ProgramName.own) trace --domain village.example --for 10m

        --json prints an object per line: at, session, way (in, out), side (C, S), peer, text; or lost, the number of lines that are \
        missing there. Needs the right to operate: root, the server's user, members of controlGroup. Exits 0 at its end, 69 when no \
        server answers, 75 when too many ask it, 77 without the right, 78 when controlSocket is none, 64 for settings or arguments \
        that cannot be used.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Option(help: "Only peers of this address or network, as 192.0.2.0/24.") var client: NetworkArgument?
  @Option(help: "Only sessions with a sender or recipient of this domain, and next hops of this name.")
  var domain: String?
  @Flag(name: .customLong("in"), help: "Only dialogues with clients.") var inbound = false
  @Flag(name: .customLong("out"), help: "Only dialogues with next hops.") var outbound = false
  @Option(name: .customLong("for"), help: "End after this time: 90s, 15m, 4h.") var time: TimeSpan?
  @Option(help: "End after so many lines.") var count: Int?
  @Flag(help: "Print a JSON object for each line.") var json = false

  fileprivate struct Line: Encodable {
    var at: String
    var session: String?
    var way, side, peer, text: String
  }
  fileprivate struct Loss: Encodable {
    var lost: UInt64
  }

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count is at least 1") }
    if let time, time.duration <= .zero { throw ValidationError("--for is at least 1s") }
    if inbound, outbound { throw ValidationError("--in and --out exclude each other; without both, all is shown") }
    _ = try named()
  }

  func run() async throws {
    let settings = try file.read()
    let choice = TraceChoice(
      direction: inbound ? .inbound : outbound ? .outbound : nil, network: client?.network, domain: try named())
    try await explained {
      let stream = OutputStream()
      var left = count ?? .max
      let end = try MailServer.trace(settings, choice, for: time?.duration) {
        if !json { Output.complain("following; ^C ends it") }
      } _: { message in
        switch message {
        case .line(let line):
          try stream.write(json ? try Output.jsonLine(Self.line(line)) : Array((Self.text(line) + "\n").utf8))
          left -= 1
        case .lost(let count):
          try stream.write(
            json ? try Output.jsonLine(Loss(lost: count)) : Array("(\(count) lines are missing)\n".utf8))
        case .end: break
        }
        try stream.flush()
        return left > 0
      }
      if case .serverStopped = end { Output.complain("the server ends") }
    }
  }

  private func named() throws -> Domain? {
    guard let domain else { return nil }
    guard let read = Domain(domain, international: true) else { throw ValidationError("\(domain) is no domain") }
    return read
  }

  static func text(_ traced: TracedLine) -> String {
    let line = traced.line
    let words = [
      traced.at.description, line.session?.description ?? "-",
      line.direction == .inbound ? "in" : "out", ExplainText.escaped(line.peer), line.side == .client ? "->" : "<-",
      ExplainText.escaped(line.text),
    ]
    return words.joined(separator: " ")
  }

  fileprivate static func line(_ traced: TracedLine) -> Line {
    let line = traced.line
    return Line(
      at: traced.at.description, session: line.session?.description,
      way: line.direction == .inbound ? "in" : "out", side: line.side.rawValue, peer: line.peer, text: line.text)
  }
}
