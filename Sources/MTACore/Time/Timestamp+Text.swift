extension Timestamp: CustomStringConvertible {
  /// ISO 8601 in UTC with milliseconds, as the database keeps it: `2026-11-23T13:40:00.123Z`. These texts sort as time does.
  public var description: String { text(withMilliseconds: true) }

  /// The date-time of RFC 3339 in UTC, in whole seconds: `2026-11-23T13:40:00Z`.
  package var internetInstant: String { text(withMilliseconds: false) }

  private func text(withMilliseconds: Bool) -> String {
    let date = Calendar(self)
    var text: [UInt8] = []
    text.reserveCapacity(24)
    text.append(date.year, digits: 4)
    text.append(date.month, digits: 2, behind: "-")
    text.append(date.day, digits: 2, behind: "-")
    text.append(date.hour, digits: 2, behind: "T")
    text.append(date.minute, digits: 2, behind: ":")
    text.append(date.second, digits: 2, behind: ":")
    if withMilliseconds { text.append(date.millisecond, digits: 3, behind: ".") }
    text.append(UInt8(ascii: "Z"))
    return String(decoding: text, as: UTF8.self)
  }

  /// The date-time of RFC 5322 §3.3 in UTC: `Mon, 23 Nov 2026 13:40:00 +0000`.
  public var internetMessageDate: String {
    let date = Calendar(self)
    var text = Array(Calendar.weekdays[date.weekday].utf8)
    text.reserveCapacity(32)
    text.append(contentsOf: ", ".utf8)
    text.append(date.day, digits: 1)
    text.append(UInt8(ascii: " "))
    text.append(contentsOf: Calendar.months[date.month - 1].utf8)
    text.append(date.year, digits: 4, behind: " ")
    text.append(date.hour, digits: 2, behind: " ")
    text.append(date.minute, digits: 2, behind: ":")
    text.append(date.second, digits: 2, behind: ":")
    text.append(contentsOf: " +0000".utf8)
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads the form of ``description``, and no other.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 24 else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return value
    }
    let separators: [(Int, UInt8)] = [
      (4, UInt8(ascii: "-")), (7, UInt8(ascii: "-")), (10, UInt8(ascii: "T")), (13, UInt8(ascii: ":")),
      (16, UInt8(ascii: ":")), (19, UInt8(ascii: ".")), (23, UInt8(ascii: "Z")),
    ]
    guard separators.allSatisfy({ bytes[$0.0] == $0.1 }),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19), let fraction = number(20..<23),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    let days = Calendar.days(year: year, month: month, day: day)
    self.init(milliseconds: (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction)
  }
}

/// The proleptic Gregorian calendar in UTC, by the era arithmetic of Howard Hinnant's "chrono-compatible
/// low-level date algorithms".
struct Calendar {
  static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  let year: Int, month: Int, day: Int, weekday: Int, hour: Int, minute: Int, second: Int, millisecond: Int

  init(_ instant: Timestamp) {
    let days = Self.floorDivide(instant.milliseconds, 86_400_000)
    let rest = Int(instant.milliseconds - days * 86_400_000)
    let shifted = days + 719_468
    let era = Self.floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    weekday = Int(days - Self.floorDivide(days, 7) * 7)
    hour = rest / 3_600_000
    minute = rest / 60_000 % 60
    second = rest / 1000 % 60
    millisecond = rest % 1000
  }

  static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = floorDivide(year, 400)
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : (a + 1) / b - 1 }
}

extension [UInt8] {
  /// A number of at least so many digits, with zeros before it. Timestamps are written several times for each mail, so this makes
  /// no strings for numbers of the usual size.
  fileprivate mutating func append(_ number: Int, digits: Int, behind separator: Unicode.Scalar? = nil) {
    if let separator { append(UInt8(ascii: separator)) }
    guard (0..<10_000).contains(number) else { return append(contentsOf: String(number).utf8) }
    for (place, divisor) in [(4, 1000), (3, 100), (2, 10), (1, 1)] where place <= digits || number >= divisor {
      append(UInt8(48 + number / divisor % 10))
    }
  }
}
