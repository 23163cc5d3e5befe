/// An instant of wall-clock time, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// The core asks no clock. Timestamps come in from outside, so a test can cover days in milliseconds.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Milliseconds since the Unix epoch; negative before it.
  public let milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// The end of the year 9999. Texts of later instants would not sort as time does.
  public static let last = Timestamp(milliseconds: 253_402_300_799_999)

  /// Whole seconds since the Unix epoch, rounded down.
  public var seconds: Int64 { Calendar.floorDivide(milliseconds, 1000) }

  public static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }

  /// The instant `duration` later, saturating at the ends of the representable range.
  public static func + (instant: Self, duration: Duration) -> Self {
    let (sum, overflow) = instant.milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
    guard overflow else { return Self(milliseconds: sum) }
    return Self(milliseconds: duration < .zero ? .min : .max)
  }

  public static func - (instant: Self, duration: Duration) -> Self { instant + (.zero - duration) }

  /// The time from `other` to `instant`.
  public static func - (instant: Self, other: Self) -> Duration {
    let (difference, overflow) = instant.milliseconds.subtractingReportingOverflow(other.milliseconds)
    guard overflow else { return .milliseconds(difference) }
    return .milliseconds(instant < other ? Int64.min : Int64.max)
  }
}

/// Kept as milliseconds.
extension Timestamp: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(milliseconds)
  }
}

/// Tells the time of day. The server passes the system's clock; tests pass one that they move by hand.
public protocol WallClock: Sendable {
  var now: Timestamp { get }
}

extension Duration {
  /// This duration in milliseconds, rounded toward zero and saturating.
  package var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
    return carried ? (seconds < 0 ? .min : .max) : sum
  }
}
