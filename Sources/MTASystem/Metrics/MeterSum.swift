package import NIOCore
import Synchronization

/// The numbers of all processes together, at one moment.
package struct MeterSum: Sendable {
  private var values: [UInt64]

  /// - Parameter pages: of the processes; with several the first is the master's, which has the counts of those that ended.
  package init(_ pages: [MeterPage]) {
    self.init()
    guard let first = pages.first else { return }
    // Counts are in two pages, or in none, while the master takes them over.
    for _ in 0..<1000 {
      let begin = first[MeterPage.Head.sequence].load(ordering: .sequentiallyConsistent)
      values = Self.added(pages)
      let end = first[MeterPage.Head.sequence].load(ordering: .sequentiallyConsistent)
      if begin == end, begin % 2 == 0 { return }
    }
  }

  private init() { values = [UInt64](repeating: 0, count: MeterTable.own.slots) }

  /// A page may have anything: sums are bounded, and nothing is an index.
  private static func added(_ pages: [MeterPage]) -> [UInt64] {
    var values = [UInt64](repeating: 0, count: MeterTable.own.slots)
    for page in pages where !page.hasEnded {
      for slot in MeterPage.head..<values.count {
        let (sum, isLarger) = values[slot].addingReportingOverflow(page[slot].load(ordering: .relaxed))
        values[slot] = isLarger ? .max : sum
      }
    }
    return values
  }

  package func value(_ meter: MeterPlace, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) -> UInt64 {
    values[meter.slot(a, b, c)]
  }

  /// How many values a histogram has.
  package func count(_ meter: MeterPlace, _ a: Int = 0) -> UInt64 {
    let slot = meter.slot(a, 0, 0)
    return values[slot...(slot + meter.bounds.count)].reduce(0, Self.sum)
  }

  private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, isLarger) = a.addingReportingOverflow(b)
    return isLarger ? .max : sum
  }
}

// MARK: as text

extension MeterSum {
  /// All of it in the text format of Prometheus, version 0.0.4.
  package func text(version: String) -> ByteBuffer {
    var text = ByteBuffer()
    text.reserveCapacity(65_536)
    for family in MeterTable.own.families {
      text.writeString("# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n")
      for series in 0..<family.seriesCount { write(series, of: family, to: &text) }
    }
    text.writeString("# HELP mta_build_info The version of the server.\n# TYPE mta_build_info gauge\n")
    text.writeString("mta_build_info{version=\"\(version)\"} 1\n")
    return text
  }

  private func write(_ series: Int, of family: MeterFamily, to text: inout ByteBuffer) {
    let slot = family.meter.first + series * family.meter.stride
    var labels: [String] = []
    for (label, place) in zip(family.labels, family.places(of: series)) {
      labels.append("\(label.name)=\"\(label.values[place])\"")
    }
    guard family.kind == .histogram else {
      if family.isSparse, values[slot] == 0 { return }
      text.writeString("\(family.name)\(Self.braces(labels)) \(Self.number(values[slot], family.unit))\n")
      return
    }
    var count: UInt64 = 0
    let bounds = family.bounds
    if family.isSparse, values[slot...(slot + bounds.count)].allSatisfy({ $0 == 0 }) { return }
    for (place, bound) in (bounds.map { Self.number($0, family.unit) } + ["+Inf"]).enumerated() {
      count = Self.sum(count, values[slot + place])
      text.writeString("\(family.name)_bucket\(Self.braces(labels + ["le=\"\(bound)\""])) \(count)\n")
    }
    let sum = Self.number(values[slot + bounds.count + 1], family.unit)
    text.writeString("\(family.name)_sum\(Self.braces(labels)) \(sum)\n")
    text.writeString("\(family.name)_count\(Self.braces(labels)) \(count)\n")
  }

  private static func braces(_ labels: [String]) -> String {
    labels.isEmpty ? "" : "{" + labels.joined(separator: ",") + "}"
  }

  static func number(_ value: UInt64, _ unit: MeterFamily.Unit) -> String {
    guard unit == .seconds else { return "\(value)" }
    let (whole, rest) = value.quotientAndRemainder(dividingBy: 1_000_000)
    if rest == 0 { return "\(whole)" }
    var digits = String(rest)
    digits = String(repeating: "0", count: 6 - digits.utf8.count) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}

extension MeterFamily.Unit: Equatable {}
