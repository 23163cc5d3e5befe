import MTACore

/// What a mail domain publishes in the DNS, and at its MTA-STS policy's place, for a server of ours.
struct DomainRecords {
  /// A record to publish.
  struct Entry {
    var record: DNSRecord
    /// What it is for, in some words.
    var purpose: String
    /// When it is to be published, if not at once.
    var note: String?

    /// A line of a zone file, without a TTL: texts beyond 255 octets stand as several strings.
    var line: String { "\(record.name.presentation) IN \(record.type.mnemonic) \(record.data.presentation)" }
  }

  /// A key of DKIM: where it is, and its record's text.
  struct SigningKey {
    var name: DNSName
    var text: String
  }

  let domain: DNSName
  let host: DNSName
  /// Of the server, as others see it; none: they are not known.
  var addresses: [IPAddress] = []
  var keys: [SigningKey] = []
  /// The data of `3 1 1`.
  var publicKeyDigest: [UInt8]?
  /// An authority that others trust has signed the certificate.
  var isCertificateTrusted = false
  /// Who gets reports about DMARC and TLS.
  let reports: Mailbox
  /// Digits and letters: changes with each policy.
  let policyID: String

  /// A new policy's: year, month, day, and the time in UTC.
  static func policyID(at time: Timestamp) -> String {
    String(decoding: time.description.utf8.filter { (48...57).contains($0) }.prefix(14), as: UTF8.self)
  }

  static let policyPath = "/.well-known/mta-sts.txt"

  /// `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`
  var policyAddress: String { "https://mta-sts.\(domain)\(Self.policyPath)" }

  /// RFC 8461 §3.2. In mode `testing` no mail is held back by a mistake.
  var policy: String {
    "version: STSv1\r\nmode: testing\r\nmx: \(host)\r\nmax_age: 604800\r\n"
  }

  var entries: [Entry] {
    var entries = addresses.map { Entry(record: DNSRecord(host, .address($0)), purpose: "address of the server") }
    entries.append(
      Entry(
        record: DNSRecord(domain, .mailExchanger(preference: 10, exchange: host)),
        purpose: "MX: who takes mail of the domain"))
    entries.append(Entry(record: text(domain, "v=spf1 mx -all"), purpose: "SPF: who sends mail of the domain"))
    if host != domain {
      entries.append(
        Entry(record: text(host, "v=spf1 a -all"), purpose: "SPF of the server's own name, which reports have"))
    }
    for key in keys { entries.append(Entry(record: text(key.name, key.text), purpose: "DKIM: the key of signatures")) }
    add(
      "_dmarc", text: "v=DMARC1; p=quarantine; rua=mailto:\(reports)", "DMARC: what becomes of forged mail",
      to: &entries)
    add(
      "_mta-sts", text: "v=STSv1; id=\(policyID)", "MTA-STS: there is a policy, see below", to: &entries,
      note: isCertificateTrusted
        ? "when the policy is at its place"
        : "when the certificate is of a public authority, and the policy at its place")
    if let place = domain.below("mta-sts") {
      entries.append(
        Entry(
          record: DNSRecord(place, .alias(host)), purpose: "MTA-STS: the web server of the policy",
          note: "if the policy's web server is this machine; else its own name"))
    }
    add("_smtp._tls", text: "v=TLSRPTv1; rua=mailto:\(reports)", "TLS-RPT: who gets reports on TLS", to: &entries)
    if let publicKeyDigest, let place = host.below("_25._tcp") {
      entries.append(
        Entry(
          record: DNSRecord(place, .tlsa(usage: 3, selector: 1, matching: 1, data: publicKeyDigest)),
          purpose: "DANE: the key of the server's certificate",
          note: "only if the zone is signed (DNSSEC); a new key needs a new record before it is used"))
    }
    for address in addresses {
      entries.append(
        Entry(
          record: DNSRecord(address.reverseName, .pointer(host)), purpose: "PTR: the name of the address",
          note: "by whoever gave you the address"))
    }
    return entries
  }

  private func text(_ name: DNSName, _ text: String) -> DNSRecord {
    // Cut as a zone file would have it.
    DNSRecord(name, DNSRecordData(.txt, presentation: "\"\(text)\"") ?? .text([Array(text.utf8)]))
  }

  private func add(_ label: String, text: String, _ purpose: String, to entries: inout [Entry], note: String? = nil) {
    guard let name = domain.below(label) else { return }
    entries.append(Entry(record: self.text(name, text), purpose: purpose, note: note))
  }
}

extension DNSRecord {
  /// As it is published: the time is up to the zone.
  init(_ name: DNSName, _ data: DNSRecordData) { self.init(name, ttl: 3600, data) }
}

extension DNSName {
  /// A name below this one, by labels in front; nil if it would be too long.
  func below(_ labels: String) -> DNSName? { DNSName("\(labels).\(self)") }
}
