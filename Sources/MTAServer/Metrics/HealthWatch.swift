import MTACore
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Finds out whether mail can be accepted and sent, and what is in the queue: in the process that has the queue, as long as its task
/// lives. What it finds is in its page, with the time.
struct HealthWatch: Sendable {
  let meters: Meters
  let store: any ServerStore
  let lookup: any DNSLookup
  /// The folders where mail is written.
  let folders: [String]
  /// Less in one of them is no space.
  var leastFreeBytes = Self.leastFreeBytes

  /// With less the database could not grow much further.
  static let leastFreeBytes = 33_554_432
  /// What was found longer ago is not known any more.
  static let freshness = Duration.seconds(30)

  private static let table = MeterTable.own

  func run() async {
    await withTaskCancellationHandler {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await every(.seconds(5)) { await lookAtStore() } }
        group.addTask { await every(.seconds(15)) { await lookAtDNS() } }
        group.addTask { await every(.seconds(5)) { await countQueue() } }
      }
    } onCancel: {
      clear()
    }
  }

  /// Another process looks from now on.
  private func clear() {
    for place in 0..<3 { meters.set(Self.table.health, place, to: 0) }
    for meter in [Self.table.healthChecked, Self.table.oldestCopy, Self.table.freeSpace] { meters.set(meter, to: 0) }
    note(QueueCensus())
  }

  /// A round that takes long is followed by a pause fifty times as long: no more than a fiftieth of the time goes into this.
  private func every(_ pause: Duration, _ body: () async -> Void) async {
    while !Task.isCancelled {
      let begin = MonotonicInstant.now
      await body()
      do { try await Task.sleep(for: max(pause, begin.elapsed * 50)) } catch { return }
    }
  }

  /// A disk that hangs lets nothing be found, and the last finding grows old.
  func lookAtStore() async {
    let isWritable: Bool
    do throws(StoreFailure) {
      try await store.proveWritable()
      isWritable = true
    } catch { isWritable = false }
    let free = folders.compactMap { Self.freeBytes($0) }.min()
    if Task.isCancelled { return }
    meters.set(Self.table.health, 0, to: isWritable ? 1 : 0)
    if let free { meters.set(Self.table.freeSpace, to: free) }
    meters.set(Self.table.health, 1, to: (free ?? 0) >= leastFreeBytes ? 1 : 0)
    meters.set(Self.table.healthChecked, to: Int(MonotonicInstant.now.nanoseconds / 1000))
  }

  /// Asks for a name that no resolver can have in memory. That there is none is an answer, too.
  func lookAtDNS() async {
    guard let name = DNSName("health-\(UInt64.random(in: .min ... .max)).invalid") else { return }
    var answers = true
    if case .failure = await lookup.lookup(name, .a) { answers = false }
    if !Task.isCancelled { meters.set(Self.table.health, 2, to: answers ? 1 : 0) }
  }

  /// A store that cannot count has no such numbers.
  func countQueue() async {
    let now = SystemClock().now
    guard let census = try? await store.queueCensus(at: now), !Task.isCancelled else { return }
    note(census)
    let age = census.oldest.map { max(.zero, now - $0) } ?? .zero
    meters.set(Self.table.oldestCopy, to: Int(clamping: age.wholeMicroseconds))
  }

  private func note(_ census: QueueCensus) {
    for state in QueueCensus.State.allCases {
      for group in MeterWords.ages.indices {
        meters.set(Self.table.copies, state.rawValue, group, to: census.count(state, ageGroup: group))
      }
    }
  }

  /// What others than root may write yet; nil if the system does not tell.
  static func freeBytes(_ folder: String) -> Int? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    let (bytes, isLarger) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    return isLarger ? .max : bytes
  }
}
