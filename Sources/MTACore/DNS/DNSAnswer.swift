/// The types of resource record that mail needs, by their numbers.
public enum DNSRecordType: UInt16, Hashable, Sendable, CaseIterable {
  case a = 1
  case ns = 2
  case cname = 5
  case soa = 6
  case ptr = 12
  case mx = 15
  case txt = 16
  case aaaa = 28
  case srv = 33
  case tlsa = 52
  case caa = 257
}

/// The data of a record.
public enum DNSRecordData: Hashable, Sendable {
  /// A or AAAA.
  case address(IPAddress)
  case mailExchanger(preference: UInt16, exchange: DNSName)
  /// The strings of one TXT record; most uses join them (RFC 7208 §3.3).
  case text([[UInt8]])
  case pointer(DNSName)
  case alias(DNSName)
  case nameServer(DNSName)
  case authority(DNSAuthority)
  case service(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
  case tlsa(usage: UInt8, selector: UInt8, matching: UInt8, data: [UInt8])
  case certificationAuthority(flags: UInt8, tag: String, value: [UInt8])
}

/// The names of an SOA record, and its fields for caching (RFC 1035 §3.3.13).
public struct DNSAuthority: Hashable, Sendable {
  public var primary: DNSName
  public var mailbox: DNSName
  public var serial: UInt32
  public var refresh: UInt32
  public var retry: UInt32
  public var expire: UInt32
  public var minimum: UInt32

  public init(
    primary: DNSName, mailbox: DNSName, serial: UInt32, refresh: UInt32, retry: UInt32, expire: UInt32, minimum: UInt32
  ) {
    self.primary = primary
    self.mailbox = mailbox
    self.serial = serial
    self.refresh = refresh
    self.retry = retry
    self.expire = expire
    self.minimum = minimum
  }
}

/// One resource record of an answer.
public struct DNSRecord: Hashable, Sendable {
  public var name: DNSName
  /// How long the record may be kept, in seconds.
  public var ttl: UInt32
  public var data: DNSRecordData

  public init(_ name: DNSName, ttl: UInt32, _ data: DNSRecordData) {
    self.name = name
    self.ttl = ttl
    self.data = data
  }
}

/// Why a look-up gave no answer. Always temporary: mail is then deferred, never refused for good.
public enum DNSFailure: Error, Hashable, Sendable {
  /// No server answered in time.
  case timedOut
  /// A server answered SERVFAIL, REFUSED or another error code.
  case serverFailure(code: UInt8)
  /// The answers were not DNS messages, or did not fit the question.
  case malformed
  /// The look-up needed more aliases or queries than allowed.
  case tooManySteps
  /// No server could be reached, or none is configured.
  case unreachable
}

/// The answer to one question.
public enum DNSAnswer: Hashable, Sendable {
  /// At least one record of the type, with aliases already followed. `authenticated`: the resolver, which is trusted for it, set the AD
  /// bit.
  case records([DNSRecord], authenticated: Bool)
  /// The name does not exist (NXDOMAIN).
  case noSuchName
  /// The name exists, but has no record of this type (NODATA).
  case noSuchType
  case failure(DNSFailure)
}
