import MTASystem

/// Whether a server can do its work now, by the pages of its processes.
struct Readiness: Hashable {
  /// Names of ``MeterWords/checks`` and whether each is in order.
  let checks: [(name: String, isGood: Bool)]

  /// - Parameter now: the system's uptime.
  init(_ pages: [MeterPage], at now: MonotonicInstant = .now) {
    let table = MeterTable.own
    let sums = pages.map { MeterSum([$0]) }
    func age(_ sum: MeterSum) -> Int64 { now.nanoseconds / 1000 - Int64(clamping: sum.value(table.healthChecked)) }
    // For a moment two processes may look, at a reload.
    let finding = sums.min { age($0) < age($1) }
    let isFresh = finding.map { (0...HealthWatch.freshness.wholeMicroseconds).contains(age($0)) } ?? false
    let listens = sums.contains { $0.value(table.listeners) > 0 }
    checks = MeterWords.checks.enumerated().map { place, name in
      (name, place < 3 ? isFresh && (finding?.value(table.health, place) ?? 0) > 0 : listens)
    }
  }

  var isReady: Bool { checks.allSatisfy(\.isGood) }

  var text: String {
    checks.map { "\($0.name): \($0.isGood ? "ok" : "failed")\n" }.joined()
  }

  static func == (a: Self, b: Self) -> Bool { a.text == b.text }
  func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
