import ArgumentParser
import MTACore
import MTADNS

/// ```
/// $ ExampleServer dns example.org MX
/// 10 mx.example.org.
/// $ ExampleServer dns example.org MX --json
/// {"authenticated":false,"outcome":"records","reason":"","records":["10 mx.example.org."]}
/// ```
struct LookUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dns",
    abstract: "Ask the DNS, as the server does.",
    discussion: """
      Prints one record a line, as zone files have them. Exits 0 when there are records, 1 when there is no such name or no \
      record of the type, 2 when the DNS gave no answer, 64 for a question that makes no sense.
      """)

  @Argument(help: "A domain name, international or not; for PTR also an IP address.") var name: String
  @Argument(help: "A, AAAA, MX, TXT, PTR, CNAME, NS, SOA, SRV, TLSA or CAA.") var type: String
  @OptionGroup var resolver: ResolverOptions
  @Option(help: "How long the look-up may take, in seconds.") var timeout = 10.0
  @Flag(help: "Print one JSON object: outcome, records, authenticated, reason.") var json = false

  private struct Report: Encodable {
    var outcome: String
    var records: [String] = []
    var authenticated = false
    /// Why there is no record; empty when there is one.
    var reason = ""
  }

  func validate() throws {
    _ = try question()
    guard timeout > 0, timeout <= 3600 else { throw ValidationError("--timeout is between 0 and 3600 seconds") }
  }

  func run() async throws {
    let (name, type) = try question()
    let answer = try await resolver.withResolver(deadline: .seconds(timeout)) { await $0.lookup(name, type) }
    let report = Self.report(answer)
    if json {
      try Output.json(report)
    } else if report.records.isEmpty {
      Output.complain(report.reason)
    } else {
      for record in report.records { print(record) }
    }
    switch answer {
    case .records: break
    case .noSuchName, .noSuchType: throw ExitCode(1)
    case .failure: throw ExitCode(2)
    }
  }

  private func question() throws -> (DNSName, DNSRecordType) {
    guard let type = DNSRecordType(mnemonic: type) else {
      let known = DNSRecordType.allCases.map(\.mnemonic).joined(separator: ", ")
      throw ValidationError("\(self.type) is none of the types \(known)")
    }
    if type == .ptr, let address = IPAddress(name) { return (address.reverseName, type) }
    // Escapes are for ASCII alone; all else becomes A-labels.
    let isInternational = name.utf8.contains { $0 >= 128 }
    guard let name = isInternational ? DNSName(international: name) : DNSName(presentation: name) else {
      throw ValidationError("\(self.name) is no domain name")
    }
    return (name, type)
  }

  private static func report(_ answer: DNSAnswer) -> Report {
    switch answer {
    case .records(let records, let authenticated):
      Report(outcome: "records", records: records.map(\.data.presentation), authenticated: authenticated)
    case .noSuchName: Report(outcome: "noSuchName", reason: "there is no such name")
    case .noSuchType: Report(outcome: "noSuchType", reason: "the name has no record of this type")
    case .failure(let failure): Report(outcome: "failure", reason: failure.sentence)
    }
  }
}

extension DNSFailure {
  fileprivate var sentence: String {
    switch self {
    case .timedOut: "no server answered in time"
    case .serverFailure(let code): "the server answered with an error: \(Self.names[code] ?? "code \(code)")"
    case .malformed: "the answers are no answers to the question"
    case .tooManySteps: "too many aliases or queries"
    case .unreachable: "no server could be reached"
    }
  }

  /// RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6891 §9.
  private static let names: [UInt8: String] = [
    1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH",
    10: "NOTZONE", 16: "BADVERS",
  ]
}
