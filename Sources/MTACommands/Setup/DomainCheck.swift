import MTACore
import MTADKIM
import MTATLS

/// Looks up what a mail domain publishes, and compares it with what a server of ours needs.
struct DomainCheck {
  /// What came of one look.
  struct Finding: Hashable {
    enum State: String, Encodable {
      /// It is as it should be.
      case ok
      /// There is nothing, and something should be.
      case missing
      /// What is there does not fit.
      case wrong
      /// It works, and could be better.
      case advice
      /// It could not be found out.
      case unknown
    }

    /// `MX`, `SPF` …
    var check: String
    /// Where it is: a name of the DNS, an address, or a server.
    var place: String
    var state: State
    /// A sentence.
    var text: String
    /// Lines of a zone file, or others, that mend it.
    var publish: [String] = []

    /// Mail suffers from it, or may.
    var isFault: Bool { state == .missing || state == .wrong || state == .unknown }
  }

  /// A DKIM key of the settings.
  struct SigningKey {
    var selector: DNSName
    /// The text of its record; nil: the file could not be read.
    var record: String?
    var file: String
  }

  let domain: DNSName
  /// The server's own name.
  let host: DNSName
  /// Of the server, as others see it; empty: what the DNS says is taken for true.
  var addresses: [IPAddress] = []
  var keys: [SigningKey] = []
  /// The server's certificate; nil: it has none, or it could not be read.
  var certificate: TLSSource?
  let records: DomainRecords
  let dns: any DNSLookup

  /// All looks at the DNS, in the order of the table.
  func findings() async -> [Finding] {
    var findings = await [exchanger()]
    findings += await hostAddresses()
    findings += await names()
    findings.append(await senders())
    findings += await signingKeys()
    findings += await [forgedMail(), tlsReports()]
    findings += await keyRecords()
    return findings
  }

  /// What to publish of a type at a name, or at all names.
  func lines(_ type: DNSRecordType, at name: DNSName? = nil) -> [String] {
    records.entries.filter { $0.record.type == type && (name == nil || $0.record.name == name) }.map(\.line)
  }

  /// ``addresses``, or those that the DNS has for the server.
  func serverAddresses() async -> [IPAddress] {
    if !addresses.isEmpty { return addresses }
    return if case .found(let found) = await dns.addresses(of: host) { Array(found.prefix(8)) } else { [] }
  }

  static func silence(_ check: String, _ place: String, _ failure: DNSFailure) -> Finding {
    Finding(check: check, place: place, state: .unknown, text: "the DNS did not answer: \(failure)")
  }

  // MARK: The way of mail to the server

  private func exchanger() async -> Finding {
    let place = domain.presentation
    func finding(_ state: Finding.State, _ text: String) -> Finding {
      Finding(check: "MX", place: place, state: state, text: text, publish: state == .ok ? [] : lines(.mx))
    }
    switch await dns.lookup(domain, .mx) {
    case .failure(let failure): return Self.silence("MX", place, failure)
    case .noSuchName: return finding(.missing, "there is no such name")
    case .noSuchType: return finding(.missing, "there is no MX record")
    case .records(let found, _):
      let hosts = found.compactMap { record -> (UInt16, DNSName)? in
        if case .mailExchanger(let preference, let exchange) = record.data { (preference, exchange) } else { nil }
      }.sorted { $0.0 < $1.0 }
      if !hosts.isEmpty, hosts.allSatisfy({ $0.1.isRoot }) {
        return finding(.wrong, "says that the domain takes no mail")
      }
      guard let own = hosts.first(where: { $0.1 == host }) else {
        let others = hosts.prefix(4).map(\.1.description).joined(separator: ", ")
        return finding(.wrong, "mail goes to \(others), and not to \(host)")
      }
      let before = hosts.filter { $0.1 != host && $0.0 <= own.0 }.prefix(4).map(\.1.description)
      if !before.isEmpty {
        return finding(
          .advice, "\(host) is an exchanger; mail goes to \(before.joined(separator: ", ")) first, or as well")
      }
      return finding(.ok, "mail goes to \(host)")
    }
  }

  private func hostAddresses() async -> [Finding] {
    let place = host.presentation
    switch await dns.location(of: host) {
    case .failure(let failure): return [Self.silence("A", place, failure)]
    case .none:
      let lines = lines(.a, at: host) + lines(.aaaa, at: host)
      let publish = lines.isEmpty ? ["\(place) IN A <the server's public IPv4 address>"] : lines
      return [
        Finding(check: "A", place: place, state: .missing, text: "the server's name has no address", publish: publish)
      ]
    case .found(let location):
      var findings: [Finding] = []
      if location.canonicalName != host {
        findings.append(
          Finding(
            check: "A", place: place, state: .wrong,
            text: "is an alias of \(location.canonicalName); a mail exchanger must not be one (RFC 2181 §10.3)"))
      }
      if addresses.isEmpty {
        let list = location.addresses.prefix(8).map(\.description).joined(separator: ", ")
        findings.append(
          Finding(check: "A", place: place, state: .ok, text: "\(list); say --address to have it compared"))
        return findings
      }
      for address in addresses {
        let isThere = location.addresses.contains(address)
        findings.append(
          Finding(
            check: Self.type(of: address), place: place, state: isThere ? .ok : .missing,
            text: isThere ? "\(address)" : "\(address) is not published",
            publish: isThere ? [] : [DomainRecords.Entry(record: DNSRecord(host, .address(address)), purpose: "").line])
        )
      }
      for address in location.addresses.prefix(8) where !addresses.contains(address) {
        findings.append(
          Finding(
            check: Self.type(of: address), place: place, state: .wrong,
            text: "\(address) is none of the server's addresses"))
      }
      return findings
    }
  }

  private static func type(of address: IPAddress) -> String { if case .v4 = address { "A" } else { "AAAA" } }

  private func names() async -> [Finding] {
    let addresses = await serverAddresses()
    guard !addresses.isEmpty else {
      return [
        Finding(check: "PTR", place: "", state: .unknown, text: "the server's address is not known; say --address")
      ]
    }
    var findings: [Finding] = []
    for address in addresses {
      let record = DNSRecord(address.reverseName, .pointer(host))
      func finding(_ state: Finding.State, _ text: String) -> Finding {
        Finding(
          check: "PTR", place: "\(address)", state: state, text: text,
          publish: state == .ok ? [] : [DomainRecords.Entry(record: record, purpose: "").line])
      }
      switch await dns.lookup(address.reverseName, .ptr) {
      case .failure(let failure): findings.append(Self.silence("PTR", "\(address)", failure))
      case .noSuchName, .noSuchType:
        findings.append(finding(.missing, "the address has no name; many servers refuse mail from such an address"))
      case .records(let found, _):
        let pointers = found.prefix(8).compactMap { if case .pointer(let name) = $0.data { name } else { nil } }
        guard pointers.contains(host) else {
          let list = pointers.map(\.description).joined(separator: ", ")
          findings.append(finding(.wrong, "the name is \(list), and not \(host)"))
          continue
        }
        if case .found(let confirmed) = await dns.addresses(of: host), confirmed.contains(address) {
          findings.append(finding(.ok, "the name is \(host), and leads back to the address"))
        } else {
          var wrong = finding(.wrong, "the name is \(host), which does not lead back to the address")
          wrong.publish = [DomainRecords.Entry(record: DNSRecord(host, .address(address)), purpose: "").line]
          findings.append(wrong)
        }
      }
    }
    return findings
  }
}
