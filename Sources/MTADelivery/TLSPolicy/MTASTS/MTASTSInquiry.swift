package import MTACore
package import MTATLS
package import NIOCore

/// Asks once for what a domain says by MTA-STS, as other servers do, and remembers nothing.
package struct MTASTSInquiry: Sendable {
  /// A policy that could be read.
  package struct Policy: Hashable, Sendable {
    /// `enforce`, `testing` or `none`.
    package var mode: String
    /// How long others keep it.
    package var age: Duration
    fileprivate var policy: MTASTSPolicy

    package func names(_ host: DNSName) -> Bool { policy.names(host) }
  }

  package enum Finding: Hashable, Sendable {
    /// The record is wrong, or is none; the reason.
    case noRecord(String)
    case dns(DNSFailure)
    /// There is a record, but no policy behind it; the reason.
    case noPolicy(String)
    case policy(Policy)
  }

  private let dns: any DNSLookup
  private let fetch: PolicyFetch

  /// - Parameter port: of the policy's web server; others than 443 are for tests.
  package init(
    dns: any DNSLookup, group: any EventLoopGroup, trustRoots: TLSContext.TrustRoots = .system, port: UInt16 = 443,
    timeLimit: Duration = .seconds(20)
  ) throws(TLSFailure) {
    self.dns = dns
    fetch = PolicyFetch(
      dns: dns, group: group, tls: try TLSContext.client(verification: .full, trustRoots: trustRoots), port: port,
      timeLimit: timeLimit, ignored: [])
  }

  package func ask(_ domain: DNSName) async -> Finding {
    guard let name = DNSName("_mta-sts").appending(domain) else { return .noRecord("no MTA-STS record") }
    let id: String
    switch await dns.text(of: name) {
    case .none: return .noRecord("no MTA-STS record")
    case .failure(let failure): return .dns(failure)
    case .found(let texts):
      switch MTASTSRecord.find(in: texts) {
      case .id(let found): id = found
      case .none(let reason): return .noRecord(reason)
      }
    }
    do throws(PolicyFetchFailure) {
      let text = try await fetch(domain)
      do throws(MTASTSPolicy.Fault) {
        let policy = try MTASTSPolicy(id: id, text: text)
        return .policy(Policy(mode: policy.mode.rawValue, age: policy.age, policy: policy))
      } catch { return .noPolicy("the policy is malformed: \(error)") }
    } catch { return .noPolicy("\(error)") }
  }
}
