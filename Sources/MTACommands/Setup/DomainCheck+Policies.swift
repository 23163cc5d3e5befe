import MTACore
import MTADKIM
import MTATLS

/// What a domain says of mail in its name.
extension DomainCheck {
  func senders() async -> Finding {
    let place = domain.presentation
    let publish = lines(.txt, at: domain)
    func finding(_ state: Finding.State, _ text: String) -> Finding {
      Finding(check: "SPF", place: place, state: state, text: text, publish: state == .ok ? [] : publish)
    }
    switch await dns.text(of: domain) {
    case .failure(let failure): return Self.silence("SPF", place, failure)
    case .none: return finding(.missing, "there is no SPF record")
    case .found(let texts):
      let own = texts.filter(SPFGlance.isRecord)
      guard let record = own.first else { return finding(.missing, "there is no SPF record") }
      guard own.count == 1 else {
        return finding(.wrong, "there are \(own.count) SPF records; more than one counts as none")
      }
      let addresses = await serverAddresses()
      guard !addresses.isEmpty else {
        return finding(.unknown, "there is a record; the server's address is not known; say --address")
      }
      let glance = SPFGlance(record: record, domain: domain, dns: dns)
      for address in addresses {
        switch await glance.verdict(on: address) {
        case .passes: continue
        case .malformed: return finding(.wrong, "the record is malformed")
        case .fails: return finding(.wrong, "the record does not name \(address)")
        case .unseen(let term):
          return finding(.unknown, "no direct term names \(address); \(term) is not looked into")
        case .failure(let failure): return Self.silence("SPF", place, failure)
        }
      }
      return finding(.ok, "names \(addresses.map(\.description).joined(separator: ", "))")
    }
  }

  func signingKeys() async -> [Finding] {
    if keys.isEmpty {
      return [
        Finding(
          check: "DKIM", place: domain.presentation, state: .missing,
          text: "the settings (dkim) have no key of the domain; `dkim keygen` makes one")
      ]
    }
    var findings: [Finding] = []
    for key in keys {
      let place = key.selector.appending("_domainkey")?.appending(domain)?.presentation ?? ""
      let line = key.record.flatMap { DNSRecordData(.txt, presentation: "\"\($0)\"") }.map {
        "\(place) IN TXT \($0.presentation)"
      }
      func finding(_ state: Finding.State, _ text: String) -> Finding {
        Finding(
          check: "DKIM", place: place, state: state, text: text, publish: state == .ok ? [] : [line].compactMap(\.self))
      }
      guard let own = key.record.flatMap({ DKIMKeyRecord(Array($0.utf8)) }) else {
        findings.append(finding(.unknown, "\(key.file) cannot be read as a key"))
        continue
      }
      switch await dns.dkimKeys(selector: key.selector, domain: domain) {
      case .failure(let failure): findings.append(Self.silence("DKIM", place, failure))
      case .none: findings.append(finding(.missing, "there is no key record"))
      case .found(let published):
        if published.count > 1 {
          findings.append(finding(.wrong, "there are \(published.count) key records; there may be one"))
        } else if published.contains(where: \.isRevoked) {
          findings.append(finding(.wrong, "the key is revoked"))
        } else if published.first?.publicKey != own.publicKey {
          findings.append(finding(.wrong, "the published key is not that of \(key.file)"))
        } else if published.first?.isTesting == true {
          findings.append(finding(.advice, "the key is ours; t=y says that it is a test"))
        } else {
          findings.append(finding(.ok, "the key is ours"))
        }
      }
    }
    return findings
  }

  func forgedMail() async -> Finding {
    let own = domain.below("_dmarc") ?? domain
    let publish = lines(.txt, at: own)
    func finding(_ state: Finding.State, _ text: String) -> Finding {
      Finding(check: "DMARC", place: own.presentation, state: state, text: text, publish: state == .ok ? [] : publish)
    }
    // Of the domain, or of one above it, without that of a registry.
    var place = domain.labels
    var steps = 0
    while place.count > 1, steps < 8 {
      guard let zone = DNSName(labels: place), let name = zone.below("_dmarc") else { break }
      switch await dns.text(of: name) {
      case .failure(let failure): return Self.silence("DMARC", own.presentation, failure)
      case .none: break
      case .found(let texts):
        let records = texts.filter {
          TagText($0)?.first.map { $0.name.elementsEqual("v".utf8) && $0.value.elementsEqual("DMARC1".utf8) } ?? false
        }
        if records.count > 1 {
          return finding(.wrong, "\(name) has \(records.count) records; more than one counts as none")
        }
        if let record = records.first {
          let found = Self.policy(record)
          let above = zone == domain ? "" : "; it is that of \(zone)"
          return finding(found.state, found.text + above)
        }
      }
      place.removeFirst()
      steps += 1
    }
    return finding(.missing, "there is no DMARC record")
  }

  /// RFC 7489 §6.3
  private static func policy(_ record: [UInt8]) -> (state: Finding.State, text: String) {
    guard let tags = TagText(record) else { return (.wrong, "the record is malformed") }
    guard let policy = tags["p"] else { return (.wrong, "the record has no p=") }
    switch String(decoding: policy, as: UTF8.self) {
    case "reject", "quarantine": break
    case "none":
      return (.advice, "p=none: forged mail is let through; quarantine and reject are better once all is well")
    default: return (.wrong, "p= is none of none, quarantine and reject")
    }
    if let reports = tags["rua"], !TagText.areAddresses(reports) {
      return (.wrong, "rua= is no list of mailto: addresses")
    }
    if let share = tags["pct"], !(1...3).contains(share.count) || !share.allSatisfy({ (48...57).contains($0) }) {
      return (.wrong, "pct= is no number")
    }
    return (.ok, "p=\(String(decoding: policy, as: UTF8.self))")
  }

  /// RFC 8460 §3
  func tlsReports() async -> Finding {
    let name = domain.below("_smtp._tls") ?? domain
    func finding(_ state: Finding.State, _ text: String) -> Finding {
      Finding(
        check: "TLS-RPT", place: name.presentation, state: state, text: text,
        publish: state == .ok ? [] : lines(.txt, at: name))
    }
    switch await dns.text(of: name) {
    case .failure(let failure): return Self.silence("TLS-RPT", name.presentation, failure)
    case .none: return finding(.advice, "there is no record; without it nobody reports on TLS")
    case .found(let texts):
      let records = texts.filter { $0.starts(with: "v=TLSRPTv1".utf8) }
      guard let record = records.first else {
        return finding(.advice, "there is no record; without it nobody reports on TLS")
      }
      guard records.count == 1 else {
        return finding(.wrong, "there are \(records.count) records; more than one counts as none")
      }
      guard let tags = TagText(record), let reports = tags["rua"], TagText.areAddresses(reports) else {
        return finding(.wrong, "the record is malformed, or has no rua= with mailto: or https:")
      }
      return finding(.ok, "reports are asked for")
    }
  }

  /// TLSA records (RFC 7672).
  func keyRecords() async -> [Finding] {
    guard let name = host.below("_25._tcp") else { return [] }
    let publish = lines(.tlsa)
    func finding(_ state: Finding.State, _ text: String) -> [Finding] {
      [Finding(check: "TLSA", place: name.presentation, state: state, text: text, publish: state == .ok ? [] : publish)]
    }
    switch await dns.lookup(name, .tlsa) {
    case .failure(let failure): return [Self.silence("TLSA", name.presentation, failure)]
    case .noSuchName, .noSuchType:
      if case .found(let location) = await dns.location(of: host), location.isAuthenticated {
        return finding(
          .advice, "there is no record, though the zone is signed: with one, other servers can verify this one")
      }
      return [
        Finding(
          check: "TLSA", place: name.presentation, state: .ok,
          text: "none, and none is needed: the zone is not signed, or the resolver is not trusted to say so")
      ]
    case .records(let found, let isAuthenticated):
      guard let certificate else { return finding(.unknown, "the server's certificate cannot be read") }
      let records = found.prefix(64).compactMap { record -> TLSARecord? in
        guard case .tlsa(let usage, let selector, let matching, let data) = record.data else { return nil }
        return TLSARecord(usage: usage, selector: selector, matching: matching, data: data)
      }
      let fitting = records.filter { (try? certificate.isNamed(by: $0)) == true }
      guard let fit = fitting.first else {
        return finding(.wrong, "no record names the server's certificate; servers that check DANE bring no mail")
      }
      if !isAuthenticated {
        return [
          Finding(
            check: "TLSA", place: name.presentation, state: .advice,
            text:
              "\(fit) names the certificate; without DNSSEC, or a resolver that is trusted to check it, it has no effect"
          )
        ]
      }
      return finding(.ok, "\(fit) names the certificate")
    }
  }
}

/// `name=value; …`: the form of DMARC and TLS-RPT records. In octets: the DNS may say anything.
struct TagText {
  typealias Tag = (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)
  private let tags: [Tag]

  /// Nil for another form, and for more than 64 tags.
  init?(_ text: [UInt8]) {
    guard text.count <= 4096 else { return nil }
    var tags: [Tag] = []
    let fields = text.split(separator: UInt8(ascii: ";"), maxSplits: 64, omittingEmptySubsequences: false)
    for (index, field) in fields.enumerated() {
      let field = Self.trimmed(field)
      if field.isEmpty, index == fields.count - 1 { continue }
      guard index < 64, let equals = field.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      tags.append((Self.trimmed(field[..<equals]), Self.trimmed(field[(equals + 1)...])))
    }
    guard !tags.isEmpty, tags.allSatisfy({ !$0.name.isEmpty && !$0.value.isEmpty }) else { return nil }
    self.tags = tags
  }

  var first: Tag? { tags.first }

  subscript(name: String) -> ArraySlice<UInt8>? { tags.first { $0.name.elementsEqual(name.utf8) }?.value }

  /// `mailto:` or `https:`, with commas between several.
  static func areAddresses(_ value: ArraySlice<UInt8>) -> Bool {
    value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).allSatisfy { item in
      let address = trimmed(item)
      let isMail = address.starts(with: "mailto:".utf8) && address.contains(UInt8(ascii: "@"))
      return isMail || address.starts(with: "https://".utf8)
    }
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let begin = text.drop { $0 == 32 || $0 == 9 }
    let end = begin.lastIndex { $0 != 32 && $0 != 9 }
    return end.map { begin[...$0] } ?? begin.prefix(0)
  }
}
