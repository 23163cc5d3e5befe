import MTACore
import MTASystem
import NIOCore

extension StoredContent {
  /// What trace and content of this mail contain.
  func facts(of mail: MailID) async throws -> ContentFacts {
    var scan = ContentScan()
    TrapRecord.marking(mail) { scan.read(trace) }
    try await forEachPiece { piece in
      try Task.checkCancellation()
      TrapRecord.marking(mail) { scan.read(piece) }
    }
    return scan.finish()
  }

  /// The same text, with the empty line after the header section moved into the content, if our trace ends with it: such content has no
  /// header section and is all body.
  func withOwnEmptyLine() -> StoredContent {
    guard trace.readableBytesView.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return self }
    let fields = trace.getSlice(at: trace.readerIndex, length: trace.readableBytes - 2) ?? trace
    return StoredContent(trace: fields, size: size + 2) { body in
      try await body(ByteBuffer(staticString: "\r\n"))
      try await self.forEachPiece(body)
    }
  }

  /// The content without these parts of it, in order.
  func leavingOut(_ ranges: [Range<Int>]) -> StoredContent {
    guard !ranges.isEmpty else { return self }
    return StoredContent(trace: trace, size: size - ranges.reduce(0) { $0 + $1.count }) { body in
      var offset = 0
      // The first of the ranges that is not wholly behind us: pieces may be as many as they.
      var next = 0
      try await self.forEachPiece { piece in
        let end = offset + piece.readableBytes
        var start = offset
        while next < ranges.count, ranges[next].lowerBound < end {
          try await Self.give(piece, from: start - offset, to: ranges[next].lowerBound - offset, body)
          start = min(end, max(start, ranges[next].upperBound))
          guard ranges[next].upperBound <= end else { break }
          next += 1
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

  /// The parts of a mail that never leave: the line of a mailbox file in front of the fields, which the trace has as a field; fields in
  /// our name (RFC 8601 §5); and the author's private fields of a submission.
  static func notPassedOn(
    of content: StoredContent, _ mail: MailID, _ authority: String, isSubmission: Bool
  ) async throws -> [Range<Int>] {
    let header = try await header(of: content, mail, behind: ByteBuffer())
    let line = header?.mailboxLine.map { [0..<$0.count] } ?? []
    return line
      + places(in: header, of: mail) {
        AuthenticationResultsField.claims($0, authority: authority) || isSubmission && PrivateField.isOne($0)
      }
  }

  /// The places of the fields in the content that `fit`, in order. A header above 1 MiB has none.
  ///
  /// The content continues the trace. After a removed first field, the next line may not be a field.
  static func fields(
    in content: StoredContent, of mail: MailID, that fit: (HeaderSection.Field) -> Bool
  ) async throws -> [Range<Int>] {
    let offset = content.trace.readableBytes
    let places = places(in: try await header(of: content, mail, behind: content.trace), of: mail, that: fit)
    return places.filter { $0.lowerBound >= offset }.map { $0.lowerBound - offset..<$0.upperBound - offset }
  }

  private static func header(of content: StoredContent, _ mail: MailID, behind trace: ByteBuffer) async throws
    -> HeaderSection?
  {
    var collector = HeaderCollector(limit: 1_048_576)
    if trace.readableBytes > 0, case .complete(let section, _) = collector.receive(trace) { return section }
    var header: HeaderSection?
    do {
      try await content.forEachPiece { piece in
        switch TrapRecord.marking(mail, { collector.receive(piece) }) {
        case .more: return
        case .complete(let section, _): header = section
        case .tooLarge: break
        }
        throw HeaderEnded()
      }
      header = collector.finish()
    } catch is HeaderEnded {}
    return header
  }

  private static func places(
    in header: HeaderSection?, of mail: MailID, that fit: (HeaderSection.Field) -> Bool
  ) -> [Range<Int>] {
    TrapRecord.marking(mail) {
      var offset = header?.mailboxLine?.count ?? 0
      var ranges: [Range<Int>] = []
      for field in header?.fields ?? [] {
        let end = offset + field.raw.count
        if fit(field) { ranges.append(offset..<end) }
        offset = end
      }
      return ranges
    }
  }
}

extension OutgoingMail {
  /// The same mail for a copy that leaves SMTP here. It has our Return-Path alone; otherwise readers would see another sender than the
  /// envelope's. RFC 5321 §4.4: the last server may remove others, relays must not look for them.
  ///
  /// - Throws: `StoreFailure` when the content cannot be read.
  func forFinalDelivery() async throws -> OutgoingMail {
    guard envelope.hasReturnPath else { return self }
    return leavingOut(
      try await HeaderScan.fields(in: form.content, of: envelope.id) { $0.mayBeNamed("Return-Path") })
  }
}
