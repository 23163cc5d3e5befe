/// What a ``BoundedTable`` keeps.
protocol WeighedRecord: Sendable {
  init()
  /// What it would be to lose it: 0 nothing; nil when it must stay, for it is in use.
  func worth(at now: Timestamp) -> Int64?
}

/// A table of bounded size: when it is full it drops the eighth that is worth least, so that a stranger who fills it loses what is the
/// stranger's own first. Each further record costs a constant on average.
struct BoundedTable<Key: Hashable & Sendable, Record: WeighedRecord>: Sendable {
  private var records: [Key: Record] = [:]
  /// Records in use may exceed it.
  let capacity: Int
  /// How often records had to go.
  private(set) var evictions = 0

  init(capacity: Int) { self.capacity = max(1, capacity) }

  var count: Int { records.count }

  func record(of key: Key) -> Record? { records[key] }

  /// Changes the record of a key, which is made if there is none.
  mutating func change<Result>(_ key: Key, at now: Timestamp, _ body: (inout Record) -> Result) -> Result {
    if records.count >= capacity, records[key] == nil { makeRoom(at: now) }
    return body(&records[key, default: Record()])
  }

  /// Changes a record if there is one, and drops it when it is worth nothing any more.
  mutating func settle(_ key: Key, at now: Timestamp, _ body: (inout Record) -> Void) {
    guard var record = records.removeValue(forKey: key) else { return }
    body(&record)
    if record.worth(at: now) != 0 { records[key] = record }
  }

  private mutating func makeRoom(at now: Timestamp) {
    evictions += 1
    let surplus = max(records.count - capacity, 0) + max(capacity / 8, 1)
    let before = records.count
    records = records.filter { $0.value.worth(at: now) != 0 }
    let left = surplus - (before - records.count)
    guard left > 0 else { return }
    var weighed = records.compactMap { key, record in record.worth(at: now).map { (key, $0) } }
    weighed.sort { $0.1 < $1.1 }
    for (key, _) in weighed.prefix(left) { records[key] = nil }
  }
}
