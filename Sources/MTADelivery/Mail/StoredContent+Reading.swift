import MTACore
import NIOCore

extension StoredContent {
  /// What trace and content hold.
  func facts() async throws -> ContentFacts {
    var scan = ContentScan()
    scan.read(trace)
    try await forEachPiece { scan.read($0) }
    return scan.finish()
  }

  /// The content without these parts of it, in order.
  func leavingOut(_ ranges: [Range<Int>]) -> StoredContent {
    guard !ranges.isEmpty else { return self }
    return StoredContent(trace: trace, size: size - ranges.reduce(0) { $0 + $1.count }) { body in
      var offset = 0
      try await self.forEachPiece { piece in
        let end = offset + piece.readableBytes
        var start = offset
        for range in ranges where range.upperBound > start && range.lowerBound < end {
          try await Self.give(piece, from: start - offset, to: range.lowerBound - offset, body)
          start = min(end, range.upperBound)
        }
        try await Self.give(piece, from: start - offset, to: end - offset, body)
        offset = end
      }
    }
  }

  private static func give(
    _ piece: ByteBuffer, from: Int, to: Int, _ body: (ByteBuffer) async throws -> Void
  ) async throws {
    guard to > from, let part = piece.getSlice(at: piece.readerIndex + from, length: to - from) else { return }
    try await body(part)
  }
}

/// Looks through the header section of a stored mail.
enum HeaderScan {
  private struct HeaderEnded: Error {}

  /// Where the fields lie in the content that speak under our name (RFC 8601 §5).
  static func resultsClaiming(_ authority: String, in content: StoredContent) async throws -> [Range<Int>] {
    try await fields(in: content) { AuthenticationResultsField.claims($0, authority: authority) }
  }

  /// Where the fields lie in the content that `fit`, in order. A header above 1 MiB has none.
  static func fields(
    in content: StoredContent, that fit: (HeaderSection.Field) -> Bool
  ) async throws -> [Range<Int>] {
    var collector = HeaderCollector(limit: 1_048_576)
    var header: HeaderSection?
    do {
      try await content.forEachPiece { piece in
        switch collector.receive(piece) {
        case .more: return
        case .complete(let section, _): header = section
        case .tooLarge: break
        }
        throw HeaderEnded()
      }
      header = collector.finish()
    } catch is HeaderEnded {}
    var offset = 0
    var ranges: [Range<Int>] = []
    for field in header?.fields ?? [] {
      let end = offset + field.raw.count
      if fit(field) { ranges.append(offset..<end) }
      offset = end
    }
    return ranges
  }
}
