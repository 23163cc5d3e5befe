import MTACore

extension LineLog {
  /// When a log goes on in a new file, and how many of the old ones stay.
  ///
  /// The old file gets the date of its last line behind its name: `mta.log-20261130`, and `mta.log-20261130.1` if there is one already.
  public struct Rotation: Hashable, Sendable, CustomStringConvertible {
    public enum Period: Hashable, Sendable {
      case daily
      /// Weeks begin on Monday.
      case weekly
      case monthly
      /// The largest size of a file; a longer line has a file of its own.
      case bytes(Int)
    }

    public var period: Period
    /// Old files that stay, at most; nil: all.
    public var keep: Int?

    public init(_ period: Period, keep: Int? = nil) {
      self.period = period
      self.keep = keep
    }

    /// `daily`, `weekly`, `monthly` or a number of bytes, and perhaps `, keep N`.
    public init?(_ text: String) {
      let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingPrefix(" ") }
      guard let first = parts.first, parts.count <= 2 else { return nil }
      switch first {
      case "daily": period = .daily
      case "weekly": period = .weekly
      case "monthly": period = .monthly
      default:
        guard let size = Int(first), size > 0 else { return nil }
        period = .bytes(size)
      }
      guard parts.count == 2 else { return }
      guard parts[1].hasPrefix("keep "), let number = UInt16(parts[1].dropFirst(5)) else { return nil }
      keep = Int(number)
    }

    public var description: String {
      let word =
        switch period {
        case .daily: "daily"
        case .weekly: "weekly"
        case .monthly: "monthly"
        case .bytes(let size): "\(size)"
        }
      return word + (keep.map { ", keep \($0)" } ?? "")
    }

    /// The first instant after the day, week or month of this one; nil if size decides.
    func end(after instant: Timestamp, _ times: Times) -> Timestamp? {
      let date = LogDate(instant, ahead: times.ahead(at: instant))
      let wall: Int64
      switch period {
      case .daily: wall = LogDate.seconds(year: date.year, month: date.month, day: date.day + 1)
      case .weekly: wall = LogDate.seconds(year: date.year, month: date.month, day: date.day + 7 - date.weekday)
      case .monthly: wall = LogDate.seconds(year: date.year, month: date.month + 1, day: 1)
      case .bytes: return nil
      }
      // The clock may be turned before then: the offset is the one that holds about there.
      let guess = wall - times.ahead(at: instant)
      return Timestamp(milliseconds: (wall - times.ahead(at: Timestamp(milliseconds: guess * 1000))) * 1000)
    }
  }
}

/// Finds the lines before which a new file begins.
struct LogTurn {
  private let rotation: LineLog.Rotation?
  private let times: LineLog.Times
  private var next: Timestamp?
  /// Of the last line.
  private var last: Timestamp

  /// - Parameter last: when the last line was written.
  init(_ rotation: LineLog.Rotation?, _ times: LineLog.Times, last: Timestamp) {
    (self.rotation, self.times, self.last) = (rotation, times, last)
    next = rotation?.end(after: last, times)
  }

  /// - Returns: the time of the line before, if this line begins a new file.
  mutating func turn(at now: Timestamp) -> Timestamp? {
    defer { last = max(last, now) }
    guard let end = next, now >= end else { return nil }
    next = rotation?.end(after: now, times)
    return last
  }
}

/// The old files of a log, by their names.
struct OldLogs {
  private struct Old: Comparable {
    let name: String
    let date: Substring
    let number: Int

    static func < (a: Self, b: Self) -> Bool { (a.date, a.number) < (b.date, b.number) }
  }

  private let base: String
  private var all: [Old]

  /// - Parameters:
  ///   - base: the log's own name, without a folder.
  ///   - names: of all files of its folder.
  init(of base: String, among names: [String]) {
    self.base = base
    all = names.compactMap { Self.old($0, base) }.sorted()
  }

  /// `BASE-DDDDDDDD` or `BASE-DDDDDDDD.N`.
  private static func old(_ name: String, _ base: String) -> Old? {
    guard name.hasPrefix(base + "-") else { return nil }
    let rest = name.dropFirst(base.count + 1)
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    func isNumber(_ text: Substring) -> Bool { text.utf8.allSatisfy { (48...57).contains($0) } }
    guard let date = parts.first, date.utf8.count == 8, isNumber(date), parts.count <= 2 else { return nil }
    guard parts.count == 2 else { return Old(name: name, date: date, number: 0) }
    guard isNumber(parts[1]), !parts[1].hasPrefix("0"), let number = Int(parts[1]), number < Int.max else { return nil }
    return Old(name: name, date: date, number: number)
  }

  /// The name for a file whose last line is of this day. It sorts behind all others of that day.
  mutating func add(_ date: String) -> String {
    let number = all.filter { $0.date == date }.map(\.number).max().map { $0 + 1 } ?? 0
    let name = "\(base)-\(date)" + (number == 0 ? "" : ".\(number)")
    all.append(Old(name: name, date: Substring(date), number: number))
    all.sort()
    return name
  }

  /// The oldest, beyond so many.
  func beyond(_ keep: Int) -> [String] { all.dropLast(keep).map(\.name) }
}
