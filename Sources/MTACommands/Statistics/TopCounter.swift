/// Counts how often each of many words comes, in bounded memory: of a log's words, strangers choose most.
///
/// Up to ``capacity`` words it is exact. Beyond twice that many, the rarest are given up into ``others``, so a frequent word keeps its
/// place, and its count is too low by less than that of the rarest that stays.
struct TopCounter {
  private let capacity: Int
  private var counts: [String: Int] = [:]
  /// How many words, with repetition, were given up.
  private(set) var others = 0

  init(capacity: Int = 5000) { self.capacity = capacity }

  mutating func count(_ word: String) {
    counts[word, default: 0] += 1
    if counts.count > 2 * capacity { shrink() }
  }

  mutating func add(_ counter: TopCounter) {
    others += counter.others
    for (word, count) in counter.counts {
      counts[word, default: 0] += count
      if counts.count > 2 * capacity { shrink() }
    }
  }

  private mutating func shrink() {
    let kept = sorted.prefix(capacity)
    let total = counts.values.reduce(0, +)
    counts = Dictionary(uniqueKeysWithValues: kept.map { ($0.word, $0.count) })
    others += total - counts.values.reduce(0, +)
  }

  private var sorted: [(word: String, count: Int)] {
    counts.map { (word: $0.key, count: $0.value) }.sorted { ($1.count, $0.word) < ($0.count, $1.word) }
  }

  /// The most frequent words, the first of them first, and how many of all are none of these.
  func top(_ limit: Int) -> (words: [(word: String, count: Int)], rest: Int) {
    let all = sorted
    return (Array(all.prefix(limit)), all.dropFirst(limit).reduce(others) { $0 + $1.count })
  }
}
