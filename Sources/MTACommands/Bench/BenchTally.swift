import MTACore

/// What a load came to; each thread has its own, and they are added at the end.
struct BenchTally {
  /// Microseconds of mails: from MAIL, or from when it was due, to the answer to the content.
  var mails = LatencyCount()
  /// Microseconds from the begin of a connection until it is ready for a mail: TLS and AUTH are within.
  var openings = LatencyCount()
  /// Mails that the server took, for at least one recipient.
  var taken = 0
  /// Mails that it did not take.
  var failed = 0
  /// Octets of mails that it took.
  var octets = 0
  /// Recipients that were refused, of mails that were taken.
  var recipientsRefused = 0
  /// Why; see ``Fault``.
  private(set) var faults: [String: Fault] = [:]

  /// One kind of failure.
  struct Fault: Hashable {
    var count = 0
    /// The words of the first of them.
    var sample: String
  }

  /// Replies of a server differ by ids within: so many kinds are told apart, and those beyond are one.
  private static let maximumKinds = 50

  /// - Parameters:
  ///   - kind: `451 4.3.0`, or ours: `connection lost`.
  ///   - words: one printable line.
  mutating func count(fault kind: String, _ words: String) {
    let kind = faults[kind] != nil || faults.count < Self.maximumKinds ? kind : "other"
    faults[kind, default: Fault(sample: words)].count += 1
  }

  mutating func count(fault result: RecipientResult) {
    guard let reply = result.reply else { return count(fault: "no answer", result.message) }
    count(fault: Self.kind(of: reply), reply)
  }

  mutating func count(fault trouble: DeliveryTrouble) { count(fault: OutcomeClassifier.judge(trouble)) }

  /// The code and the enhanced status that a reply begins with.
  private static func kind(of reply: String) -> String {
    let words = reply.utf8.split(separator: UInt8(ascii: " "), maxSplits: 2)
    guard words.count > 1, words[1].allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }),
      words[1].contains(UInt8(ascii: "."))
    else { return words.first.map { String(Substring($0)) } ?? "no answer" }
    return String(Substring(words[0])) + " " + String(Substring(words[1]))
  }

  mutating func add(_ other: BenchTally) {
    mails.add(other.mails)
    openings.add(other.openings)
    taken += other.taken
    failed += other.failed
    octets += other.octets
    recipientsRefused += other.recipientsRefused
    for (kind, fault) in other.faults {
      let kind = faults[kind] != nil || faults.count < Self.maximumKinds ? kind : "other"
      faults[kind, default: Fault(sample: fault.sample)].count += fault.count
    }
  }

  /// The most frequent first.
  var sortedFaults: [(kind: String, fault: Fault)] {
    faults.map { ($0.key, $0.value) }.sorted { ($1.fault.count, $0.kind) < ($0.fault.count, $1.kind) }
  }
}

/// Times in microseconds, to 3 % of each, and the longest exactly.
struct LatencyCount {
  private var histogram = DelayHistogram()
  private(set) var longest = 0
  /// How many took less than 2^n microseconds, and not less than half of that.
  private(set) var doublings = [Int](repeating: 0, count: 40)

  var count: Int { histogram.count }

  mutating func add(_ time: Duration) {
    let (seconds, attoseconds) = time.components
    let microseconds = max(0, Int(clamping: seconds)) &* 1_000_000 &+ Int(attoseconds / 1_000_000_000_000)
    histogram.add(microseconds)
    longest = max(longest, microseconds)
    doublings[min(Int.bitWidth - max(0, microseconds).leadingZeroBitCount, doublings.count - 1)] += 1
  }

  mutating func add(_ other: LatencyCount) {
    histogram.add(other.histogram)
    longest = max(longest, other.longest)
    for index in doublings.indices { doublings[index] += other.doublings[index] }
  }

  /// Milliseconds; nil if there are none. Never more than the longest.
  func percentile(_ share: Double) -> Double? {
    histogram.percentile(share).map { Double(min($0, longest)) / 1000 }
  }

  var longestMilliseconds: Double? { count == 0 ? nil : Double(longest) / 1000 }
}
