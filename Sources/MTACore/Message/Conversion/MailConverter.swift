public import NIOCore

/// Converts a mail as its ``ConversionPlan`` says: leaves are encoded, their Content-Transfer-Encoding is written anew, and nothing
/// else changes. What comes out holds no octet above 127 and no NUL, and decodes to what went in.
///
/// Of what no reader shows, text before the first and behind the last part, such octets become question marks.
///
/// A mail without MIME fields gets them, with `charset=unknown-8bit` (RFC 1428 §2).
public struct MailConverter: Sendable {
  private var walker: MIMEWalker<Rewriter>

  public init(_ plan: ConversionPlan) { walker = MIMEWalker(Rewriter(plan)) }

  /// What the next piece of the mail becomes.
  public mutating func convert(_ piece: ByteBuffer) -> ByteBuffer {
    walker.receive(piece)
    return walker.visitor.takeOutput()
  }

  /// What remains at the end of the mail.
  public mutating func finish() -> ByteBuffer {
    walker.finish()
    return walker.visitor.takeOutput()
  }
}

private struct Rewriter: MIMEVisitor {
  private let plan: ConversionPlan
  private var number = 0
  private var encoder: TransferEncoder?
  private var out = ByteBuffer()

  init(_ plan: ConversionPlan) { self.plan = plan }

  mutating func takeOutput() -> ByteBuffer {
    defer { out = ByteBuffer() }
    return out
  }

  mutating func header(_ header: HeaderSection, hasEmptyLine: Bool, _ entity: MIMEEntity) {
    let treatment = plan.treatments.indices.contains(number) ? plan.treatments[number] : .keep
    let isWholeMail = number == 0
    number += 1
    let encoding: StaticString
    switch treatment {
    case .keep:
      for field in header.fields { writeMasked(field.raw) }
      if hasEmptyLine { out.writeStaticString("\r\n") }
      return
    case .relabel: encoding = "7bit"
    case .quotedPrintable:
      encoding = "quoted-printable"
      encoder = TransferEncoder(.quotedPrintable)
    case .base64:
      encoding = "base64"
      encoder = TransferEncoder(.base64)
    }
    for field in header.fields {
      if field.isNamed("Content-Transfer-Encoding") { writeEncodingField(encoding) } else { writeMasked(field.raw) }
    }
    if isWholeMail, header.count(of: "MIME-Version") == 0 { out.writeStaticString("MIME-Version: 1.0\r\n") }
    if header.count(of: "Content-Type") == 0, encoder != nil {
      out.writeStaticString("Content-Type: text/plain; charset=unknown-8bit\r\n")
    }
    if header.count(of: "Content-Transfer-Encoding") == 0 { writeEncodingField(encoding) }
    if hasEmptyLine { out.writeStaticString("\r\n") }
  }

  private mutating func writeEncodingField(_ encoding: StaticString) {
    out.writeStaticString("Content-Transfer-Encoding: ")
    out.writeStaticString(encoding)
    out.writeStaticString("\r\n")
  }

  mutating func content(_ bytes: ArraySlice<UInt8>) {
    guard encoder != nil else { return writeMasked(bytes) }
    encoder?.write(bytes, into: &out)
  }

  mutating func endOfContent() {
    encoder?.finish(into: &out)
    encoder = nil
  }

  mutating func frame(_ bytes: ArraySlice<UInt8>) { writeMasked(bytes) }

  /// The plan leaves nothing of eight bits in what is kept; should the content have changed since, it does not leave either.
  private mutating func writeMasked(_ bytes: ArraySlice<UInt8>) {
    guard bytes.contains(where: { $0 >= 128 || $0 == 0 }) else {
      out.writeBytes(bytes)
      return
    }
    out.writeBytes(bytes.map { $0 >= 128 || $0 == 0 ? UInt8(ascii: "?") : $0 })
  }
}
