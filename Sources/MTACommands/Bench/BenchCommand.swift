import ArgumentParser
import MTACore
import MTADelivery
import NIOCore

/// ```
/// $ ExampleServer bench 127.0.0.1:2525 --recipient ann@village.example --sessions 20 --count 10000
/// ```
struct BenchCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "bench", abstract: "Send many mails to a server of this machine, and measure rate and latency.",
      discussion: """
        Each session opens a connection, sends its mails, says QUIT, and opens the next one. Each connection makes a whole handshake, and \
        every mail counts from the first on: there is no warm-up. A mail's time is from MAIL to the answer to its content; with --rate \
        from when it was due, so that a server that is too slow for the rate does not look fast. Percentiles are true to 3 %, the longest \
        time is exact. ^C ends it in order.

        It sends nowhere but to this machine, unless --remote is given: then the certificate must be valid, and a password is said under \
        TLS alone. The server keeps the mail that it takes.

        Exits 0 when all mails were taken, 1 when some were not, 64 for arguments that cannot be used, 69 when no connection became ready \
        for a mail.

        Example: \(ProgramName.own) bench 127.0.0.1:2525 --recipient ann@village.example --sessions 20 --count 10000
        """)
  }

  @OptionGroup var target: BenchTarget
  @OptionGroup var load: BenchLoad
  @Flag(help: "Print a JSON object.") var json = false

  func run() async throws {
    let plan = try await target.plan(load)
    let progress = BenchProgress(plan)
    let finding: BenchRun.Finding
    do { finding = try await BenchRun(plan: plan).run { progress.show($0, failed: $1, $2) } } catch {
      throw refusal("Error: \(error)")
    }
    progress.end()
    let report = BenchReport(plan, finding)
    if json {
      try Output.json(report)
    } else {
      for line in report.lines { Output.line(line) }
    }
    if finding.tally.openings.count == 0 { throw ExitCode.unavailable }
    if finding.tally.failed > 0 || finding.tally.recipientsRefused > 0 { throw ExitCode(1) }
  }
}

/// Where to, and how.
struct BenchTarget: ParsableArguments {
  @Argument(help: "HOST:PORT, HOST a name, an IPv4 address or an IPv6 address in brackets.") var server: String
  @Flag(help: "The server may be another machine's. It must be yours.") var remote = false
  @Option(help: "none, starttls or implicit.") var tls = BenchPlan.Protection.none
  @Option(help: "Log in by this name (AUTH PLAIN or LOGIN); the password is asked for.") var user: String?
  @Flag(help: "Read the password from standard input, one line. Default: ask at the terminal.") var passwordStdin =
    false
  @Option(help: "A recipient; several are taken in turn.") var recipient: [MailboxArgument]
  @Option(help: "The sender; <> is the null sender. Default: --user, if that is a mailbox, else the first recipient.")
  var sender: BenchSender?

  func validate() throws {
    guard HostAndPort(server) != nil else { throw ValidationError("\(ExplainText.escaped(server)) is no HOST:PORT") }
    guard !recipient.isEmpty else { throw ValidationError("say --recipient") }
    if passwordStdin, user == nil { throw ValidationError("--password-stdin wants --user") }
    if let name = user, name.isEmpty { throw ValidationError("--user is empty") }
  }

  /// Asks for the password, where there is one.
  func plan(_ load: BenchLoad) async throws -> BenchPlan {
    guard let place = HostAndPort(server) else { throw ValidationError("\(server) is no HOST:PORT") }
    let address = try await address(of: place.host)
    let sender: ReversePath =
      self.sender?.path ?? (user.flatMap { Mailbox($0) } ?? recipient.first?.mailbox).map { .mailbox($0) } ?? .null
    var plan = BenchPlan(
      address: address, port: place.port, name: place.host.description, sender: sender,
      recipients: recipient.map(\.mailbox))
    guard plan.isLoopback || remote else {
      throw refusal("Error: \(address) is not this machine; say --remote if it is yours to test", .misused)
    }
    plan.protection = tls
    if let user {
      guard plan.isLoopback || tls != .none else {
        throw refusal("Error: no password goes to another machine in clear; say --tls", .misused)
      }
      let password = try passwordStdin ? PasswordInput.piped() : PasswordInput.askedOnce()
      plan.credentials = Credentials(username: user, password: password)
    }
    load.apply(to: &plan)
    return plan
  }

  private func address(of host: HostAndPort.Host) async throws -> IPAddress {
    switch host {
    case .address(let address): return address
    // RFC 6761 §6.3
    case .name(let name) where name.description == "localhost": return .loopback4
    case .name(let name):
      // Not even a question leaves the machine unasked.
      guard remote else {
        throw refusal("Error: \(name) may not be this machine; say --remote if it is yours to test", .misused)
      }
      let answer = try await ResolverOptions.parse([]).withResolver { await $0.addresses(of: name) }
      switch answer {
      case .found(let addresses): if let first = addresses.first { return first }
      case .none: break
      case .failure(let reason): throw refusal("Error: \(name) cannot be looked up: \(reason)", .unavailable)
      }
      throw refusal("Error: \(name) has no address", .unavailable)
    }
  }
}

/// How much, and how fast.
struct BenchLoad: ParsableArguments {
  @Option(help: "Connections at a time, up to 10,000.") var sessions = 10
  @Option(help: "Mails before a connection is closed and another one opened.") var mailsPerSession = 10
  @Option(help: "Recipients of each mail.") var recipients = 1
  @Option(help: "Octets of a mail, at least 512: 4k, 1M. Several are taken in turn. Default: 4k.") var size:
    [ByteCount] = []
  @Option(help: "Mails in all. Default: 1000, or no end with --for.") var count: Int?
  @Option(name: .customLong("for"), help: "Begin mails for so long: 30s, 5m.") var time: TimeSpan?
  @Option(help: "Mails in a second, at most. Default: as many as go.") var rate: Double?
  @Flag(help: "Wait for each answer, also where the server offers PIPELINING.") var noPipelining = false
  @Option(help: "How long an answer may take: 60s.") var timeout: TimeSpan?
  @Option(help: "Threads of this program.") var threads = 1

  func validate() throws {
    let ranges: [(String, Int, ClosedRange<Int>)] = [
      ("--sessions", sessions, 1...10_000), ("--mails-per-session", mailsPerSession, 1...1_000_000_000),
      ("--recipients", recipients, 1...1000), ("--threads", threads, 1...64),
      ("--count", count ?? 1, 1...1_000_000_000),
    ]
    for (name, value, range) in ranges where !range.contains(value) {
      throw ValidationError("\(name) is between \(range.lowerBound) and \(range.upperBound)")
    }
    guard size.allSatisfy({ (BenchMail.minimumSize...1 << 30).contains($0.bytes) }) else {
      throw ValidationError("--size is between \(BenchMail.minimumSize) and 1G")
    }
    if let rate, !(rate >= 0.001 && rate <= 1_000_000) {
      throw ValidationError("--rate is between 0.001 and 1000000 mails in a second")
    }
    for (name, span) in [("--for", time), ("--timeout", timeout)] {
      if let span, !(.seconds(1) ... .seconds(86_400)).contains(span.duration) {
        throw ValidationError("\(name) is between 1 second and 1 day")
      }
    }
    if count != nil, time != nil { throw ValidationError("only one of --count and --for can be") }
  }

  func apply(to plan: inout BenchPlan) {
    plan.sessions = min(sessions, count ?? sessions)
    plan.mailsPerSession = mailsPerSession
    plan.recipientsPerMail = recipients
    if !size.isEmpty { plan.sizes = size.map(\.bytes) }
    if let count { plan.end = .mails(count) } else if let time { plan.end = .time(time.duration) }
    plan.rate = rate
    plan.usesPipelining = !noPipelining
    if let timeout { plan.patience = timeout.duration }
    plan.threads = threads
  }
}

struct MailboxArgument: ExpressibleByArgument {
  let mailbox: Mailbox

  init?(argument: String) {
    guard let mailbox = Mailbox(argument) else { return nil }
    self.mailbox = mailbox
  }
}

/// A mailbox, or `<>`.
struct BenchSender: ExpressibleByArgument {
  let path: ReversePath

  init?(argument: String) {
    if argument.isEmpty || argument == "<>" {
      path = .null
    } else if let mailbox = Mailbox(argument) {
      path = .mailbox(mailbox)
    } else {
      return nil
    }
  }
}
