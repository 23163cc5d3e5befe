import MTACore
import MTADelivery
import MTATLS
import NIOPosix

/// What connections show: the server's ports and certificate, and the policy of MTA-STS.
extension DomainCheck {
  /// A port of the server, as others come to it.
  struct Port: Hashable {
    var number: UInt16
    var way: TLSProbe.Way
    /// `SMTP`, `submission` …
    var name: String
    /// Mail of others comes there; else it is for users.
    var isForServers: Bool
  }

  func ports(_ ports: [Port], trustRoots: TLSContext.TrustRoots = .system, timeLimit: Duration) async -> [Finding] {
    let addresses = await serverAddresses()
    guard !addresses.isEmpty else {
      return [
        Finding(check: "port", place: host.presentation, state: .unknown, text: "the server's address is not known")
      ]
    }
    let probe: TLSProbe
    do throws(TLSFailure) {
      probe = try TLSProbe(
        ownName: "\(host)", peerName: "\(host)", group: MultiThreadedEventLoopGroup.singleton, trustRoots: trustRoots,
        timeLimit: timeLimit)
    } catch {
      return [Finding(check: "port", place: host.presentation, state: .unknown, text: "\(error)")]
    }
    let own = try? certificate?.leaf()
    return await withTaskGroup(of: (Int, [Finding]).self) { group in
      let pairs = addresses.prefix(4).flatMap { address in ports.map { (address, $0) } }
      for (index, (address, port)) in pairs.enumerated() {
        group.addTask {
          let result = await probe.probe(address, port: port.number, port.way)
          return (index, Self.judge(result, port, "[\(address)]:\(port.number)", host: host, own: own))
        }
      }
      return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
  }

  private static func judge(
    _ result: Result<TLSProbe.Finding, TLSProbe.Failure>, _ port: Port, _ place: String, host: DNSName,
    own: TLSSource.Leaf?
  ) -> [Finding] {
    let check = "port \(port.name)"
    func finding(_ state: Finding.State, _ text: String, publish: [String] = []) -> [Finding] {
      [Finding(check: check, place: place, state: state, text: text, publish: publish)]
    }
    let found: TLSProbe.Finding
    switch result {
    case .success(let success): found = success
    case .failure(let failure):
      switch failure {
      case .noConnection, .timedOut:
        return finding(.wrong, "cannot be reached from here: \(failure); a firewall or the provider may stand between")
      case .closed:
        return finding(
          .wrong,
          "can be reached, but \(failure) without a word, as a server does that locked out this address: see `contacts list` and "
            + "`contacts remove ADDRESS` there")
      case .closedLater, .notSMTP, .tls: return finding(.wrong, "can be reached, but \(failure)")
      }
    }
    guard found.greeting.isPositive else {
      return finding(.wrong, "answers with \(words(of: found.greeting))\(lockoutHint(found.greeting))")
    }
    guard let facts = found.facts else {
      if let refusal = found.refusal {
        return finding(
          .wrong,
          "answers, and refuses \(refusal.verb): \(words(of: refusal.reply))\(lockoutHint(refusal.reply))")
      }
      return finding(port.isForServers ? .advice : .wrong, "answers, and offers no STARTTLS")
    }
    if let own, facts.peerCertificate?.sha256 != own.sha256 {
      return finding(
        .wrong, "shows another certificate than that of the settings: another server, or one that wants a reload")
    }
    switch facts.verification {
    case .verified: return finding(.ok, "answers; the certificate is for \(host), of an authority that is trusted")
    case .failed(let reason):
      let isOurs = own == nil ? "" : " is that of the settings, but"
      return finding(.advice, "answers; the certificate\(isOurs) does not verify as one of \(host): \(reason)")
    case .noCertificate, .chainOnly, .dane: return finding(.advice, "answers; the certificate could not be verified")
    }
  }

  /// The code and the first line, without what could control a terminal.
  private static func words(of reply: RemoteReply) -> String {
    var text = "\(reply.code)"
    if let line = reply.lines.first, !line.isEmpty {
      text += " " + String(decoding: EscapedBytes.lines(line.prefix(200).filter { $0 != 10 }), as: UTF8.self)
    }
    return text
  }

  /// What helps against a reply that tells of a lockout, as servers of this kind say it.
  private static func lockoutHint(_ reply: RemoteReply) -> String {
    let phrases = Reply.accessDenied(until: "").lines.map { Array($0.utf8) }
    guard reply.code == 421, phrases.contains(where: { phrase in reply.lines.contains { $0.contains(phrase) } }) else {
      return ""
    }
    return "; it locked out this address: on that server, `contacts remove ADDRESS` ends it"
  }

  /// MTA-STS (RFC 8461).
  func policy(trustRoots: TLSContext.TrustRoots = .system, port: UInt16 = 443, timeLimit: Duration) async -> Finding {
    let name = domain.below("_mta-sts") ?? domain
    func finding(_ state: Finding.State, _ text: String) -> Finding {
      let publish =
        state == .ok
        ? []
        : lines(.txt, at: name) + ["\(records.policyAddress) with the text:"]
          + records.policy.split(separator: "\r\n").map { "  \($0)" }
      return Finding(check: "MTA-STS", place: name.presentation, state: state, text: text, publish: publish)
    }
    let inquiry: MTASTSInquiry
    do throws(TLSFailure) {
      inquiry = try MTASTSInquiry(
        dns: dns, group: MultiThreadedEventLoopGroup.singleton, trustRoots: trustRoots, port: port, timeLimit: timeLimit
      )
    } catch { return finding(.unknown, "\(error)") }
    switch await inquiry.ask(domain) {
    case .dns(let failure): return Self.silence("MTA-STS", name.presentation, failure)
    case .noRecord("no MTA-STS record"):
      return finding(.advice, "there is no policy; with one, other servers encrypt and verify")
    case .noRecord(let reason): return finding(.wrong, reason)
    case .noPolicy(let reason): return finding(.wrong, "there is a record, but no policy: \(reason)")
    case .policy(let policy):
      if policy.mode == "none" { return finding(.advice, "the policy is of mode none, which is as good as no policy") }
      guard policy.names(host) else {
        return finding(.wrong, "the policy (mode \(policy.mode)) does not name \(host)")
      }
      return policy.mode == "testing"
        ? Finding(
          check: "MTA-STS", place: name.presentation, state: .advice,
          text: "the policy names \(host), in mode testing; enforce makes it binding")
        : finding(.ok, "the policy names \(host), in mode enforce")
    }
  }
}
