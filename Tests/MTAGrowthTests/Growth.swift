import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Holds that the work of a reader grows with the octets that it reads.
///
/// From a size that takes five milliseconds of the thread's processor time, each of three doublings may cost at most three times as much
/// (twice is linear, four times is the square). What costs more is measured again, the least of five; and counts only when it costs more
/// at the next two sizes as well. What is refused before it takes so long, up to two megabytes, is bounded.
struct Growth {
  /// Nanoseconds from which a time is worth comparing.
  static let floor: UInt64 = 5_000_000
  static let allowed = 3.0
  /// Octets up to which work is looked for that takes long enough.
  static let bound = 2 << 20

  enum Finding: Equatable {
    case bounded
    case linear
    /// Nanoseconds at each size, from `start` octets on, doubled each time.
    case steeper(start: Int, times: [UInt64])
  }

  let what: String
  var floor = Self.floor
  /// Octets that are tried first.
  var first = 256

  /// Records an issue when the work grows faster than its input.
  ///
  /// - Parameters:
  ///   - upTo: octets that are tried; for what takes no more anyway, its limit.
  ///   - make: an input of about so many octets; not measured.
  static func holds<Input>(
    _ what: String, upTo bound: Int = bound, sourceLocation: SourceLocation = #_sourceLocation,
    _ make: @escaping (Int) throws -> Input, _ work: @escaping (Input) async throws -> Void
  ) throws {
    let growth = Growth(what: what)
    let finding = try growth.measure(upTo: bound, make, work)
    if case .steeper(let start, let times) = finding {
      Issue.record(
        "\(what): \(times.map { "\(Double($0) / 1e6) ms" }) for \(start) octets and each doubling",
        sourceLocation: sourceLocation)
    }
  }

  /// The same for several beginnings, each with its share of each shape behind it.
  static func holds(
    _ what: String, of shapes: [Shape], behind starts: [String], ending: String = "", upTo bound: Int = bound,
    sourceLocation: SourceLocation = #_sourceLocation, _ work: @escaping ([UInt8]) async throws -> Void
  ) throws {
    let names = shapes.map { "\($0)" }.joined(separator: " and ")
    try holds("\(what), \(names)", upTo: bound, sourceLocation: sourceLocation) { count in
      shapes.flatMap { shape in
        starts.map { Array($0.utf8) + shape.octets(count / starts.count / shapes.count) + Array(ending.utf8) }
      }
    } _: { inputs in
      for input in inputs { try await work(input) }
    }
  }

  func measure<Input>(
    upTo bound: Int = bound, _ make: @escaping (Int) throws -> Input, _ work: @escaping (Input) async throws -> Void
  ) throws -> Finding {
    func time(_ octets: Int, tries: Int) throws -> UInt64 {
      let input = try make(octets)
      var least = UInt64.max
      for _ in 0..<tries { least = min(least, try OneThread.time { try await work(input) }) }
      return max(least, 1)
    }
    var start = first
    var times = [try time(start, tries: 1)]
    while times[0] < floor {
      guard start < bound else {
        tell(start, times)
        return .bounded
      }
      start = min(bound, next(start, times[0]))
      times = [try time(start, tries: 1)]
    }
    for step in 1...3 { times.append(try time(start << step, tries: 1)) }
    if !Self.isSteep(times) {
      tell(start, times)
      return .linear
    }
    times = []
    for step in 0...3 { times.append(try time(start << step, tries: 5)) }
    if Self.isSteep(times) { for step in 4...5 { times.append(try time(start << step, tries: 5)) } }
    tell(start, times)
    return times.count == 6 && Self.isSteep(Array(times[3...])) ? .steeper(start: start, times: times) : .linear
  }

  /// The size to be tried behind one that took too short: little above the floor, for all further times are multiples of it.
  private func next(_ start: Int, _ time: UInt64) -> Int {
    guard time > floor / 16 else { return start * 4 }
    return max(start + start / 8, Int(Double(start) * min(4, 1.15 * Double(floor) / Double(time))))
  }

  private static func isSteep(_ times: [UInt64]) -> Bool {
    zip(times, times.dropFirst()).contains { Double($1) > allowed * Double($0) }
  }

  /// With MTA_GROWTH_TABLE set, a line for each: what, octets and milliseconds at the first size and at eight times as many.
  private func tell(_ start: Int, _ times: [UInt64]) {
    guard getenv("MTA_GROWTH_TABLE") != nil else { return }
    let last = min(3, times.count - 1)
    print("GROWTH\t\(what)\t\(start)\t\(Double(times[0]) / 1e6)\t\(start << last)\t\(Double(times[last]) / 1e6)")
  }
}
