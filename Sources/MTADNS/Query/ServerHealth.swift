/// Remembers which servers do not answer, so that the next look-up asks others first.
///
/// A failed server comes after all others for 4 seconds. Further failures make that 8, 16, 32 and at most 64. It is still asked if the
/// others fail as well. Any answer clears it.
package struct ServerHealth: Sendable {
  private struct Record {
    var failures = 0
    var restedAt: Duration = .zero
  }

  private var records: [Record]

  package init(servers: Int) { records = Array(repeating: Record(), count: servers) }

  /// All servers, the working ones first, otherwise as configured.
  package func order(at now: Duration) -> [Int] {
    let isResting = records.map { $0.failures > 0 && $0.restedAt > now }
    return records.indices.filter { !isResting[$0] } + records.indices.filter { isResting[$0] }
  }

  package mutating func answered(_ server: Int) {
    guard records.indices.contains(server), records[server].failures > 0 else { return }
    records[server] = Record()
  }

  package mutating func failed(_ server: Int, at now: Duration) {
    guard records.indices.contains(server) else { return }
    records[server].failures = min(records[server].failures + 1, 5)
    records[server].restedAt = now + .seconds(2 << records[server].failures)
  }
}
