import MTACore
import MTASystem

/// How many refusals of one client are kept: what a flood says again and again would push out what others said once.
///
/// Of each network, as contacts are counted, the first ``mostOfClient`` in ten minutes are kept. The table is emptied when that time is
/// over, or when it is full.
struct EventLimit {
  static let mostOfClient = 100
  private static let window: Int64 = 600
  private static let capacity = 20_000

  private let prefixLength: Int
  private var counts: [ContactKey: Int] = [:]
  private var begin: Int64 = 0

  /// - Parameter prefixLength: as of ``ContactPolicy``.
  init(prefixLength: Int = ContactKey.prefixLength) { self.prefixLength = prefixLength }

  mutating func admits(_ record: EventRecord) -> Bool {
    guard record.shelf != .mails, let client = record.client else { return true }
    let second = record.at.seconds
    if second < begin || second - begin >= Self.window || counts.count >= Self.capacity {
      counts.removeAll(keepingCapacity: true)
      begin = second
    }
    let key = ContactKey(client, prefixLength: prefixLength)
    let count = counts[key] ?? 0
    guard count < Self.mostOfClient else { return false }
    counts[key] = count + 1
    return true
  }
}
