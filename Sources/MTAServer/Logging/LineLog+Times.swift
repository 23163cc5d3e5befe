import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension LineLog {
  /// The time zone of a log: of its time stamps, and of the days at whose end a new file begins.
  public enum Times: String, Hashable, Sendable, CaseIterable {
    /// `2026-11-30T03:51:06.123Z`
    case utc
    /// `2026-11-30T04:51:06.123+01:00`, in the time zone of the machine, or of `TZ`.
    case local

    /// How far the clock on the wall is ahead of UTC.
    func ahead(at instant: Timestamp) -> Int64 {
      guard self == .local else { return 0 }
      var seconds = time_t(clamping: instant.seconds)
      var date = tm()
      return localtime_r(&seconds, &date) == nil ? 0 : Int64(date.tm_gmtoff)
    }

    func append(_ instant: Timestamp, to bytes: inout [UInt8]) {
      Self.append(instant, ahead: self == .utc ? nil : ahead(at: instant), to: &bytes)
    }

    /// - Parameter ahead: seconds; nil is UTC, and ends with `Z`.
    static func append(_ instant: Timestamp, ahead: Int64?, to bytes: inout [UInt8]) {
      let date = LogDate(instant, ahead: ahead ?? 0)
      bytes.append(date.year, digits: 4)
      bytes.append(date.month, digits: 2, behind: "-")
      bytes.append(date.day, digits: 2, behind: "-")
      bytes.append(date.hour, digits: 2, behind: "T")
      bytes.append(date.minute, digits: 2, behind: ":")
      bytes.append(date.second, digits: 2, behind: ":")
      bytes.append(Int(((instant.milliseconds % 1000) + 1000) % 1000), digits: 3, behind: ".")
      guard let ahead else { return bytes.append(UInt8(ascii: "Z")) }
      let minutes = Int(abs(ahead) / 60)
      bytes.append(minutes / 60, digits: 2, behind: ahead < 0 ? "-" : "+")
      bytes.append(minutes % 60, digits: 2, behind: ":")
    }
  }
}

/// A date with its time, as a wall clock shows it.
struct LogDate {
  private var date = tm()

  init(_ instant: Timestamp, ahead: Int64) {
    var seconds = time_t(clamping: instant.seconds &+ ahead)
    gmtime_r(&seconds, &date)
  }

  var year: Int { Int(date.tm_year) + 1900 }
  var month: Int { Int(date.tm_mon) + 1 }
  var day: Int { Int(date.tm_mday) }
  var hour: Int { Int(date.tm_hour) }
  var minute: Int { Int(date.tm_min) }
  var second: Int { Int(date.tm_sec) }
  /// Monday is 0.
  var weekday: Int { (Int(date.tm_wday) + 6) % 7 }

  /// `20261130`
  var digits: String {
    var bytes: [UInt8] = []
    bytes.append(year, digits: 4)
    bytes.append(month, digits: 2)
    bytes.append(day, digits: 2)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// `Nov  3 04:51:06` (RFC 3164 §4.1.2)
  var text: String {
    var bytes = Array(Self.months[(month - 1) % 12].utf8)
    bytes.append(contentsOf: day < 10 ? "  ".utf8 : " ".utf8)
    bytes.append(day, digits: 1)
    bytes.append(hour, digits: 2, behind: " ")
    bytes.append(minute, digits: 2, behind: ":")
    bytes.append(second, digits: 2, behind: ":")
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Seconds from the epoch to the first instant of a day, counted in this clock. Months and days that are too large run over.
  static func seconds(year: Int, month: Int, day: Int) -> Int64 {
    var date = tm()
    (date.tm_year, date.tm_mon, date.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
    return Int64(timegm(&date))
  }
}

extension [UInt8] {
  /// With zeros before it.
  fileprivate mutating func append(_ number: Int, digits: Int, behind separator: Unicode.Scalar? = nil) {
    if let separator { append(UInt8(ascii: separator)) }
    guard (0..<10_000).contains(number) else { return append(contentsOf: String(number).utf8) }
    for (place, divisor) in [(4, 1000), (3, 100), (2, 10), (1, 1)] where place <= digits || number >= divisor {
      append(UInt8(48 + number / divisor % 10))
    }
  }
}
