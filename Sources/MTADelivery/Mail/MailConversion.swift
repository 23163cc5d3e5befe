import MTACore
import MTASystem
import NIOCore

/// The form of a mail for servers that take only lines of seven bits. It is made once, when a delivery first needs it.
///
/// The stored content is read three times and never held: to plan, to measure, and to send. Our signature is made for the converted
/// form. Another domain's signature that covers the body no longer holds. The mail is converted in spite of that: for RFC 6376 §6.1 a
/// broken signature is like none. At worst the next server refuses the mail, and returning it here would be no better.
final class MailConversion: Sendable {
  private let content: StoredContent
  private let signing: SigningDesk
  private let making = SharedValue<WireForm?>()

  init(of content: StoredContent, _ signing: SigningDesk) {
    // What says how a body is encoded are fields, so the line that ends them comes behind.
    self.content = content.withOwnEmptyLine()
    self.signing = signing
  }

  /// The conversion of the mail without these parts of its content.
  func leavingOut(_ ranges: [Range<Int>]) -> MailConversion { MailConversion(of: content.leavingOut(ranges), signing) }

  /// - Returns: nil when the mail cannot be converted (``ConversionPlan/Obstacle``).
  /// - Throws: when the store does not return the content, the signer fails, or either takes too long; `CancellationError` at once when
  ///   the caller is cancelled.
  func form() async throws -> WireForm? {
    try await making.value {
      guard let bench = self.signing.bench else { return try await self.make() }
      return try await bench.run(over: self.content.size) { try await self.make() }
    }
  }

  private func make() async throws -> WireForm? {
    var survey = ConversionPlan.Survey()
    try await content.forEachPiece {
      try Task.checkCancellation()
      survey.receive($0)
    }
    let plan: ConversionPlan
    do throws(ConversionPlan.Obstacle) { plan = try survey.finish() } catch { return nil }
    var scan = ContentScan()
    scan.read(content.trace)
    var size = 0
    let walk = Self.walk(content, plan)
    try await walk { piece in
      try Task.checkCancellation()
      scan.read(piece)
      size += piece.readableBytes
    }
    let facts = scan.finish()
    // The fields of our own are beyond the plan.
    guard !facts.isEightBit, !facts.hasNUL, !facts.hasBareLineEnd else { return nil }
    let converted = StoredContent(trace: content.trace, size: size, walk: walk)
    return WireForm(converted, facts, signature: try await signing.signature(for: converted))
  }

  private static func walk(_ content: StoredContent, _ plan: ConversionPlan) -> StoredContent.Walk {
    { body in
      var converter = MailConverter(plan)
      try await content.forEachPiece { piece in
        let converted = converter.convert(piece)
        if converted.readableBytes > 0 { try await body(converted) }
      }
      let rest = converter.finish()
      if rest.readableBytes > 0 { try await body(rest) }
    }
  }
}

extension OutgoingMail {
  /// A conversion without signatures, of content that was not looked at.
  init(_ envelope: Envelope, unsigned content: StoredContent) {
    self.init(
      envelope: envelope, form: WireForm(content, ContentFacts()),
      conversion: MailConversion(of: content, SigningDesk(envelope, signer: nil, clock: SystemClock())))
  }
}
