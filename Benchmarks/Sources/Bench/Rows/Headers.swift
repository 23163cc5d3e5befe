import MTACore
import NIOCore

extension Bench {
  /// Messages into fields.
  static func headers(_ harness: inout Harness) async throws {
    let bytes = Samples.mail(1024)
    let piece = ByteBuffer(bytes: bytes)
    let size = Samples.header.utf8.count
    try await harness.measure("HeaderCollector and HeaderSection: \(size) bytes, 10 fields", .nanoseconds) { turns in
      for _ in 0..<turns {
        var collector = HeaderCollector()
        guard case .complete(let section, _) = collector.receive(piece) else { throw Failure("no header section") }
        keep(section)
      }
    }
    let header = Array(Samples.header.utf8)
    await harness.measure("HeaderSection alone", .nanoseconds) { turns in
      for _ in 0..<turns { keep(HeaderSection(header)) }
    }
    let section = HeaderSection(header)
    await harness.measure("the author's domain of a section", .nanoseconds) { turns in
      for _ in 0..<turns { keep(section.authorDomain) }
    }
  }
}
