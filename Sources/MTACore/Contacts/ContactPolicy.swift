/// The founding rule for clients (R1, R2), as a value without I/O: how a contact's record changes, and whether the client is served.
public struct ContactPolicy: Hashable, Sendable {
  /// With this number of violations a new connection is refused.
  public var maximumViolations: Int
  /// How long a lockout lasts, and how long a violation is remembered.
  public var prohibited: Duration
  /// Networks that are counted but never locked out. Their logins are counted by account alone.
  public var neverProhibit: [Network]
  /// The clients of one network of IPv6 are counted as one: the length of its prefix, 48 to 128. It counts for connections, logins and
  /// what is kept of refusals, too. A receiver does not change it while it runs. Default 64.
  public var prefixLength = ContactKey.prefixLength

  public init(maximumViolations: Int = 3, prohibited: Duration = .seconds(3600), neverProhibit: [Network] = []) {
    self.maximumViolations = max(1, maximumViolations)
    self.prohibited = prohibited
    self.neverProhibit = neverProhibit
  }

  /// Whether a connection is served.
  package enum Admission: Hashable, Sendable {
    case welcome
    /// The client gets one reply: it is locked out, and until when.
    case warned(until: Timestamp)
    /// The connection is closed without a byte.
    case slammed
  }

  /// A connection came: it counts one hit. If the address is locked out, it also counts one lock and one violation, and the lockout
  /// begins anew.
  ///
  /// - Parameter isAllowed: an operator lets the client in whatever it did.
  package func connected(
    _ record: inout ContactRecord, from address: IPAddress, isAllowed: Bool = false, at now: Timestamp
  ) -> Admission {
    if let expiry = record.expiresAt, expiry <= now {
      record.violations = 0
      record.expiresAt = nil
    }
    record.hits += 1
    guard record.violations >= maximumViolations, !isAllowed, !neverProhibit.contains(where: { $0.contains(address) })
    else {
      return .welcome
    }
    let isFirst = record.violations == maximumViolations
    let until = now + prohibited
    record.locks += 1
    record.violations += 1
    record.expiresAt = until
    return isFirst ? .warned(until: until) : .slammed
  }

  /// Whether a client with this record would be refused now.
  package func locksOut(_ record: ContactRecord, at now: Timestamp) -> Bool {
    guard record.violations >= maximumViolations, record.expiresAt.map({ $0 > now }) ?? true else { return false }
    return !(record.key.network.map { network in neverProhibit.contains { $0.contains(network.address) } } ?? false)
  }

  /// A connection came whose network an operator prohibits: it counts one hit and one lock, and no offence.
  package func prohibited(_ record: inout ContactRecord, until end: Timestamp?, at now: Timestamp) -> Admission {
    record.hits += 1
    record.locks += 1
    return .warned(until: end ?? now + prohibited)
  }

  package func violated(_ record: inout ContactRecord, at now: Timestamp) {
    record.violations += 1
    record.expiresAt = now + prohibited
  }

  /// A recipient was accepted: earlier violations are cleared. False if there was nothing to clear.
  package func accepted(_ record: inout ContactRecord) -> Bool {
    guard record.violations > 0 else { return false }
    record.violations = 0
    record.expiresAt = nil
    return true
  }
}
