import MTACore
import MTATLS

/// Looks up the TLSA records of a mail host (RFC 7672 §2.2).
enum TLSASearch {
  enum Finding: Hashable, Sendable {
    /// DANE does not apply, for this reason.
    case absent(String)
    /// Records that vouch for the host.
    case records(DANEReference)
    /// There are records, but mail cannot use them: encryption without verification (RFC 7672 §2.1.2).
    case unusable(String)
    /// It is unknown whether there are records: the host must not be used (RFC 7672 §2.1.2).
    case failure(DNSFailure, String)
  }

  /// - Parameters:
  ///   - otherNames: names that a certificate may have in addition to the base domain: the domain of the mail (RFC 7672 §3.2.2).
  static func search(
    _ host: DNSName, port: UInt16, at location: HostLocation, otherNames: [String], in dns: any DNSLookup
  ) async -> Finding {
    var bases: [DNSName] = []
    if location.isAuthenticated {
      // RFC 7672 §2.2.2: the end of the chain of aliases first, then its beginning.
      bases = location.canonicalName == host ? [host] : [location.canonicalName, host]
    } else if location.canonicalName != host, case .records(_, true) = await dns.lookup(host, .cname) {
      // The alias itself is signed, only where it leads to is not.
      bases = [host]
    }
    guard !bases.isEmpty else { return .absent("the address of \(host) is not authenticated") }
    for base in bases {
      guard let name = DNSName("_\(port)._tcp")?.appending(base) else { continue }
      switch await dns.lookup(name, .tlsa) {
      case .failure(let failure): return .failure(failure, name.description)
      case .noSuchName, .noSuchType: continue
      case .records(_, authenticated: false): continue
      case .records(let found, authenticated: true):
        let records = found.prefix(DANEReference.maximumRecords).compactMap { record -> TLSARecord? in
          guard case .tlsa(let usage, let selector, let matching, let data) = record.data else { return nil }
          return TLSARecord(usage: usage, selector: selector, matching: matching, data: data)
        }
        let usable = DANEReference.usable(records)
        guard !usable.isEmpty else { return .unusable("\(name) has no TLSA record that can be used") }
        // The name of the other end of the chain is as good (RFC 7672 §3.2.2).
        let names = [host.description] + otherNames
        return .records(DANEReference(usable, baseDomain: base.description, otherNames: names))
      }
    }
    return .absent("no authenticated TLSA records of \(host)")
  }
}
