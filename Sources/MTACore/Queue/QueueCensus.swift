/// How many copies are in the queue, by state and age.
///
/// ```swift
/// let census = try await store.queueCensus(at: .now)
/// print(census.count(.held), census.oldest ?? "none")
/// ```
public struct QueueCensus: Hashable, Sendable {
  public enum State: Int, Hashable, Sendable, CaseIterable {
    /// Due now or later.
    case waiting
    /// A runner is at it.
    case working
    /// Held until an operator releases it.
    case held
  }

  /// The ends of the age groups: five minutes, an hour, four hours, a day, two days. Older copies are a group of their own.
  public static let ageEnds: [Duration] = [300, 3600, 14_400, 86_400, 172_800].map { .seconds($0) }

  private var counts: [[Int]]
  /// When the oldest copy came; nil if there is none.
  public private(set) var oldest: Timestamp?

  /// Nothing is in the queue.
  public init() {
    counts = State.allCases.map { _ in [Int](repeating: 0, count: Self.ageEnds.count + 1) }
  }

  /// Counts one copy.
  public mutating func add(_ state: State, since begin: Timestamp, at now: Timestamp) {
    let age = now - begin
    counts[state.rawValue][Self.ageEnds.firstIndex { age < $0 } ?? Self.ageEnds.count] += 1
    oldest = oldest.map { min($0, begin) } ?? begin
  }

  /// The copies of a state.
  public func count(_ state: State) -> Int { counts[state.rawValue].reduce(0, +) }

  /// The copies of a state and an age group: its place in ``ageEnds``, or the one after for older ones.
  public func count(_ state: State, ageGroup group: Int) -> Int {
    counts[state.rawValue].indices.contains(group) ? counts[state.rawValue][group] : 0
  }
}
