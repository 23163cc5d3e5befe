package import NIOCore

/// Converts a mail as its ``ConversionPlan`` says: leaves are encoded, and their Content-Transfer-Encoding is written anew. Nothing
/// else changes. The result has no octet above 127 and no NUL, and decodes to the original.
///
/// Text before the first and after the last part is encoded as quoted-printable if necessary; readers do not show it and fields do not
/// describe it. A multipart without parts counts as text, and so does an entity without a type; both say so afterwards (RFC 2045 §5.2).
/// Header lines that are too long are folded.
///
/// A mail without MIME fields gets them, with `charset=unknown-8bit` (RFC 1428 §2).
package struct MailConverter: Sendable {
  private var walker: MIMEWalker<Rewriter>

  package init(_ plan: ConversionPlan) { walker = MIMEWalker(Rewriter(plan)) }

  /// The converted form of the next piece.
  package mutating func convert(_ piece: ByteBuffer) -> ByteBuffer {
    walker.receive(piece)
    return walker.visitor.takeOutput()
  }

  /// The rest, at the end of the mail.
  package mutating func finish() -> ByteBuffer {
    walker.finish()
    return walker.visitor.takeOutput()
  }
}

private struct Rewriter: MIMEVisitor {
  private let plan: ConversionPlan
  private var number = 0
  private var encoder: TransferEncoder?
  private var margin = 0
  private var isMarginBegun = false
  private var out = ByteBuffer()

  init(_ plan: ConversionPlan) { self.plan = plan }

  mutating func takeOutput() -> ByteBuffer {
    defer { out = ByteBuffer() }
    return out
  }

  mutating func header(_ header: HeaderSection, hasEmptyLine: Bool, _ entity: MIMEEntity) -> MIMEEntity.Kind {
    let treatment = plan.treatments.indices.contains(number) ? plan.treatments[number] : .keep
    let isWholeMail = number == 0
    number += 1
    if let line = header.mailboxLine { out.writeBytes(line) }
    let encoding: StaticString
    switch treatment {
    case .keep:
      for field in header.fields { write(field) }
      if hasEmptyLine { out.writeStaticString("\r\n") }
      return entity.kind
    case .relabel: encoding = "7bit"
    case .quotedPrintable, .plainText:
      encoding = "quoted-printable"
      encoder = TransferEncoder(.quotedPrintable)
    case .base64:
      encoding = "base64"
      encoder = TransferEncoder(.base64)
    }
    for field in header.fields {
      if field.isNamed("Content-Transfer-Encoding") {
        writeEncodingField(encoding)
      } else if treatment == .plainText, field.isNamed("Content-Type") {
        writeTextType(charset: ContentType.charset(in: field.unfoldedValue))
      } else {
        write(field)
      }
    }
    if isWholeMail, header.count(of: "MIME-Version") == 0 { out.writeStaticString("MIME-Version: 1.0\r\n") }
    if header.count(of: "Content-Type") == 0, encoder != nil { writeTextType(charset: nil) }
    if header.count(of: "Content-Transfer-Encoding") == 0 { writeEncodingField(encoding) }
    if hasEmptyLine { out.writeStaticString("\r\n") }
    return treatment == .plainText ? .leaf : entity.kind
  }

  private mutating func write(_ field: HeaderSection.Field) {
    if field.raw.count > ContentScan.longestLine, let folded = field.folded() {
      out.writeBytes(folded)
    } else {
      out.writeBytes(field.raw)
    }
  }

  private mutating func writeEncodingField(_ encoding: StaticString) {
    out.writeStaticString("Content-Transfer-Encoding: ")
    out.writeStaticString(encoding)
    out.writeStaticString("\r\n")
  }

  private mutating func writeTextType(charset: [UInt8]?) {
    out.writeStaticString("Content-Type: text/plain; charset=")
    out.writeBytes(charset ?? Array("unknown-8bit".utf8))
    out.writeStaticString("\r\n")
  }

  mutating func content(_ bytes: ArraySlice<UInt8>) { write(bytes) }

  mutating func endOfContent() { endEncoding() }

  mutating func margin(_ bytes: ArraySlice<UInt8>) {
    if !isMarginBegun {
      isMarginBegun = true
      let isEncoded = plan.encodesMargin.indices.contains(margin) && plan.encodesMargin[margin]
      if isEncoded { encoder = TransferEncoder(.quotedPrintable) }
    }
    write(bytes)
  }

  mutating func endOfMargin() {
    endEncoding()
    isMarginBegun = false
    margin += 1
  }

  private mutating func write(_ bytes: ArraySlice<UInt8>) {
    if encoder == nil { out.writeBytes(bytes) } else { encoder?.write(bytes, into: &out) }
  }

  private mutating func endEncoding() {
    encoder?.finish(into: &out)
    encoder = nil
  }

  mutating func delimiter(_ bytes: ArraySlice<UInt8>) { out.writeBytes(bytes) }

  mutating func endOfMultipartWithoutParts(_ number: Int) {}

  mutating func foundAmbiguity() {}
}

extension ContentType {
  /// The charset that a field's value names, whatever the type. Nil if it cannot be written unchanged.
  fileprivate static func charset(in value: [UInt8]) -> [UInt8]? {
    let parameters = value.drop { $0 != UInt8(ascii: ";") }
    guard let charset = ContentType(Array("text/plain".utf8) + parameters)?.parameter("charset"),
      (1...60).contains(charset.count), charset.allSatisfy({ TokenScanner.isTokenText($0) })
    else { return nil }
    return charset
  }
}
