import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Measures this process, as long as its task lives.
struct ProcessWatch: Sendable {
  let meters: Meters
  let group: any EventLoopGroup
  /// Connections that are open; nil where there are none.
  let connections: (@Sendable () -> Int)?

  private static let table = MeterTable.own

  func run() async {
    let role = MeterWords.place(of: .current)
    meters.set(Self.table.processes, role, to: 1)
    var second = 0
    while !Task.isCancelled {
      if let connections { meters.set(Self.table.connections, to: connections()) }
      if second % 5 == 0 { measure(role) }
      second += 1
      askLoops()
      do { try await Task.sleep(for: .seconds(1)) } catch { break }
    }
    meters.set(Self.table.processes, role, to: 0)
  }

  /// Each loop tells how late it is.
  private func askLoops() {
    for loop in group.makeIterator() {
      let asked = MonotonicInstant.now
      loop.execute { meters.record(Self.table.loopLag, time: asked.elapsed) }
    }
  }

  private func measure(_ role: Int) {
    if let bytes = Self.residentBytes { meters.set(Self.table.memory, role, to: bytes) }
    if let count = Self.openDescriptors { meters.set(Self.table.descriptors, role, to: count) }
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    meters.set(Self.table.processorTime, role, to: Int(time.tv_sec) * 1_000_000 + Int(time.tv_nsec) / 1000)
  }

  /// The second word of proc(5) statm, in pages.
  static var residentBytes: Int? {
    let words = words(of: "/proc/self/statm")
    guard words.count > 1, let pages = Int(words[1]) else { return nil }
    return pages * Int(getpagesize())
  }

  /// `/proc/self/fd` may be out of reach, so each number is tried. The system tells how many there may be.
  static var openDescriptors: Int? {
    let words = words(of: "/proc/self/status")
    guard let place = words.firstIndex(of: "FDSize:"), words.indices.contains(place + 1),
      let size = Int32(words[place + 1])
    else { return nil }
    return (0..<min(size, 1 << 20)).reduce(0) { $0 + (fcntl($1, F_GETFD) >= 0 ? 1 : 0) }
  }

  private static func words(of file: String) -> [Substring] {
    guard let file = try? DurableFiles().openForReading(file, at: "process.measure"),
      let text = try? file.read(from: 0, upTo: 4096, at: "process.measure")
    else { return [] }
    return String(buffer: text).split(whereSeparator: \.isWhitespace)
  }
}
