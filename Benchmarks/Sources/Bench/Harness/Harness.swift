#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs loops and keeps what they cost.
///
/// A loop is first run with more and more turns until it takes a tenth of a second of processor time: that is the warm-up, and
/// settles how many turns a round has. Then come the rounds that count.
struct Harness {
  /// Rounds that count, for each row.
  let rounds: Int
  private(set) var rows: [Row] = []

  init(rounds: Int) { self.rounds = max(1, rounds) }

  /// What a row is told in.
  enum Unit: Hashable {
    /// Of processor time for each turn.
    case nanoseconds, microseconds
    /// So many bytes are worked on in each turn; told per second of processor time.
    case megabytes(Int)

    func value(seconds: Double, turns: Int) -> Double {
      switch self {
      case .nanoseconds: seconds / Double(turns) * 1e9
      case .microseconds: seconds / Double(turns) * 1e6
      case .megabytes(let bytes): seconds > 0 ? Double(bytes) * Double(turns) / 1e6 / seconds : .infinity
      }
    }

    var name: String {
      switch self {
      case .nanoseconds: "ns"
      case .microseconds: "µs"
      case .megabytes: "MB/s"
      }
    }
  }

  /// One loop, several rounds.
  mutating func measure(
    _ name: String, _ unit: Unit, _ body: (_ turns: Int) async throws -> Void
  ) async rethrows {
    var turns = 1
    while try await cost(turns, body) < 0.1 { turns *= 2 }
    var row = Row(name, unit.name)
    for _ in 0..<rounds { row.values.append(unit.value(seconds: try await cost(turns, body), turns: turns)) }
    add(row)
  }

  /// Two loops of the same number of turns, round about, so that what the machine does meanwhile strikes both. Adds a row for
  /// each, and one for what the second costs as a multiple of the first.
  mutating func compare(
    _ first: String, _ second: String, _ unit: Unit, turns: Int,
    _ firstBody: (_ turns: Int) async throws -> Void, _ secondBody: (_ turns: Int) async throws -> Void
  ) async rethrows {
    _ = try await cost(turns, firstBody)
    _ = try await cost(turns, secondBody)
    var rows = [Row(first, unit.name), Row(second, unit.name), Row("— as a multiple", "×")]
    for _ in 0..<rounds {
      let one = try await cost(turns, firstBody)
      let two = try await cost(turns, secondBody)
      rows[0].values.append(unit.value(seconds: one, turns: turns))
      rows[1].values.append(unit.value(seconds: two, turns: turns))
      rows[2].values.append(two / one)
    }
    for row in rows { add(row) }
  }

  /// A row that was worked out elsewhere.
  mutating func add(_ row: Row) {
    rows.append(row)
    print(row.markdown)
    fflush(nil)
  }

  private func cost(_ turns: Int, _ body: (_ turns: Int) async throws -> Void) async rethrows -> Double {
    let start = CPUTime.seconds
    try await body(turns)
    return CPUTime.seconds - start
  }
}

/// Keeps the optimizer from finding out that nobody looks at a result.
@inline(never)
@_optimize(none)
func keep<Value>(_ value: borrowing Value) where Value: ~Copyable {}
