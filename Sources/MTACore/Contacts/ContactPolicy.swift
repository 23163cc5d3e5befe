/// The founding rule of the door (R1, R2) as a pure policy: how a contact's record changes, and whether the client comes in.
public struct ContactPolicy: Hashable, Sendable {
  /// Violations at which a new connection is turned away.
  public var maximumViolations: Int
  /// How long a lockout lasts, and how long a violation is remembered.
  public var prohibited: Duration
  /// Networks that are counted but never locked out; their logins are counted by account alone.
  public var neverProhibit: [Network]

  public init(maximumViolations: Int = 3, prohibited: Duration = .seconds(3600), neverProhibit: [Network] = []) {
    self.maximumViolations = max(1, maximumViolations)
    self.prohibited = prohibited
    self.neverProhibit = neverProhibit
  }

  /// Whether a connection is let in.
  public enum Admission: Hashable, Sendable {
    case welcome
    /// Told once that it is locked out, and until when.
    case warned(until: Timestamp)
    /// Closed without a byte.
    case slammed
  }

  /// A connection came: one hit; and when it is locked out, one lock and one violation more, and the lockout begins anew.
  public func connected(_ record: inout ContactRecord, from address: IPAddress, at now: Timestamp) -> Admission {
    if let expiry = record.expiresAt, expiry <= now {
      record.violations = 0
      record.expiresAt = nil
    }
    record.hits += 1
    guard record.violations >= maximumViolations, !neverProhibit.contains(where: { $0.contains(address) }) else {
      return .welcome
    }
    let isFirst = record.violations == maximumViolations
    let until = now + prohibited
    record.locks += 1
    record.violations += 1
    record.expiresAt = until
    return isFirst ? .warned(until: until) : .slammed
  }

  public func violated(_ record: inout ContactRecord, at now: Timestamp) {
    record.violations += 1
    record.expiresAt = now + prohibited
  }

  /// A recipient was accepted: what was is forgiven. False when there was nothing to forgive.
  public func accepted(_ record: inout ContactRecord) -> Bool {
    guard record.violations > 0 else { return false }
    record.violations = 0
    record.expiresAt = nil
    return true
  }
}
