import ArgumentParser
import MTACore
import MTADKIM
import MTASystem

/// ```
/// $ ExampleServer dkim verify < mail
/// pass example.org s1
/// $ ExampleServer dkim verify --zone keys --json < mail
/// [{"domain":"example.org","reason":"","result":"pass","selector":"s1"}]
/// ```
struct DKIMVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verify the signatures of a mail on standard input.",
    discussion: """
      Prints a line for each signature that was tried: result, domain, selector and reason. Lines of the mail may end in LF alone. \
      Exits 0 when at least one signature passes, 1 when none does, 2 on trouble: the mail or the zone could not be read, or \
      a key could not be looked up (temperror) and no other signature passed.
      """)

  @OptionGroup var resolver: ResolverOptions
  @Option(
    help: """
      A file with the key records, lines of the form NAME TXT "…". Its names are not looked up in the DNS. Without --server no others \
      are looked up either.
      """)
  var zone: String?
  @Flag(help: "Print a JSON array, for each signature an object: result, domain, selector, reason.") var json = false

  private struct Report: Encodable {
    /// pass, fail, permerror, temperror, neutral or policy.
    var result: String
    /// Empty when the signature names none that can be read; likewise the selector.
    var domain: String
    var selector: String
    /// Why it did not pass, or what is to be known of a pass; empty when there is nothing to say.
    var reason: String

    init(_ verification: DKIMVerification) {
      result = verification.outcome.rawValue
      domain = verification.domain ?? ""
      selector = verification.selector ?? ""
      reason = verification.authenticationResult.reason ?? ""
    }
  }

  func run() async throws {
    try await explainingTrouble {
      let zone = try zone.map { try ZoneFile(path: $0) }
      let mail = try MailInput.read()
      let verifications = try await resolver.withResolver { resolver in
        let dns: any DNSLookup = zone.map { $0.backed(by: self.resolver.server == nil ? nil : resolver) } ?? resolver
        var verifier = DKIMVerifier()
        mail.forEachCanonicalPiece { verifier.receive($0) }
        return await verifier.finish(at: SystemClock().now, lookup: dns)
      }
      try show(verifications.map { Report($0) })
      if verifications.contains(where: { $0.outcome == .pass }) { return }
      throw ExitCode(verifications.contains { $0.outcome == .temperror } ? 2 : 1)
    }
  }

  private func show(_ reports: [Report]) throws {
    if json { return try Output.json(reports) }
    if reports.isEmpty { Output.complain("the mail has no signature") }
    for report in reports {
      // What a mail claims to be its domain may hold anything.
      let words = [report.result, report.domain, report.selector].map { word in
        word.isEmpty ? "-" : String(decoding: word.utf8.map { (33...126).contains($0) ? $0 : 63 }, as: UTF8.self)
      }
      print(words.joined(separator: " ") + (report.reason.isEmpty ? "" : " (\(report.reason))"))
    }
  }
}
