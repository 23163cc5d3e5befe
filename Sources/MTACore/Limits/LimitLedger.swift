/// Counts what users and clients send, as a value without I/O. All of a server's sessions ask one ledger.
///
/// What is not in it may be in a store: ``count(_:of:_:at:)`` then returns nil, and whoever asks reads the record and adds it by
/// ``install(_:at:ifStill:)``. A record that has no room any more is in the store, as it was last.
package struct LimitLedger: Sendable {
  private struct Entry: WeighedRecord {
    var record: LimitRecord?
    /// A line of the log told that this span's limit was reached; the time at which the span began.
    var told: [LimitSpan: Timestamp] = [:]

    func worth(at now: Timestamp) -> Int64? {
      guard let record, !record.isOver(at: now) else { return 0 }
      return 1 + Int64(clamping: max(record.day.mails, record.day.recipients))
    }
  }

  private var entries: BoundedTable<LimitKey, Entry>

  package init(capacity: Int = 100_000) { entries = BoundedTable(capacity: capacity) }

  /// Changes when a record had to go.
  package var generation: Int { entries.evictions }
  package var recordCount: Int { entries.count }

  package struct Verdict: Hashable, Sendable {
    package var allowance: Allowance
    /// To be kept; nil: nothing changed.
    package var changed: LimitRecord?
    /// The first refusal within its span: for the log.
    package var isNews = false
  }

  /// - Returns: nil if the key is not known here.
  package mutating func count(
    _ use: SendingUse, of key: LimitKey, _ limits: SendingLimits, at now: Timestamp
  ) -> Verdict? {
    guard entries.record(of: key) != nil else { return nil }
    return entries.change(key, at: now) { entry in
      var record = entry.record ?? LimitRecord(key, at: now)
      defer { entry.record = record }
      guard let refusal = record.count(use, limits, at: now) else {
        return Verdict(allowance: .granted, changed: record)
      }
      let began = record.window(refusal.span).began
      let isNews = entry.told.updateValue(began, forKey: refusal.span) != began
      let left = (refusal.until - now).wholeMilliseconds
      return Verdict(
        allowance: .limited(refusal.span, minutes: max(1, left / 60_000 + (left % 60_000 > 0 ? 1 : 0))), isNews: isNews)
    }
  }

  /// Adds a record as the store has it, unless there is one.
  ///
  /// - Parameter generation: that of before the store was asked. If records went since, this one may have been among them, and counted
  ///   more meanwhile.
  /// - Returns: whether ``count(_:of:_:at:)`` can go on; else the store is to be asked again.
  package mutating func install(_ record: LimitRecord, at now: Timestamp, ifStill generation: Int) -> Bool {
    if entries.record(of: record.key) != nil { return true }
    guard generation == self.generation else { return false }
    entries.change(record.key, at: now) { $0.record = record }
    return true
  }

  /// Forgets what was counted of a key.
  ///
  /// - Returns: the empty record; nil if there is none here.
  package mutating func reset(_ key: LimitKey, at now: Timestamp) -> LimitRecord? {
    guard entries.record(of: key) != nil else { return nil }
    return entries.change(key, at: now) { entry in
      let record = LimitRecord(key, at: now)
      entry.record = record
      return record
    }
  }
}
