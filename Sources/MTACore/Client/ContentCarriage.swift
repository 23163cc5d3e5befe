/// How content gets over one hop: by lines or by chunks, and what MAIL says of it. One rule, for the session and for whoever
/// may convert what it cannot carry.
///
/// | content | over a server that offers | goes |
/// |---|---|---|
/// | binary: declared, or with NUL or a lone CR or LF | CHUNKING and BINARYMIME | by BDAT, BODY=BINARYMIME, byte for byte |
/// | | less | not (RFC 3030 §3): converted, or 5.6.1 |
/// | 8-bit | 8BITMIME | BODY=8BITMIME |
/// | | less | not (RFC 6152 §3): converted, or 5.6.3 |
/// | with lines of more than 998 octets | CHUNKING | by BDAT, whose chunks know no lines |
/// | | less | by DATA as it is: few servers mind |
/// | any other | whatever | by DATA |
///
/// DATA is the way that every server knows best, so BDAT is used only where it makes a difference.
package struct ContentCarriage: Hashable, Sendable {
  package enum Means: Hashable, Sendable {
    /// DATA (RFC 5321 §4.1.1.4).
    case lines
    /// BDAT (RFC 3030).
    case chunks
  }

  package var means: Means
  /// The BODY parameter; nil: none.
  package var body: BodyType?

  /// - Parameters:
  ///   - declared: what the mail came as.
  ///   - sendsEightBitAnyway: 8-bit content goes to servers without 8BITMIME as if they had it.
  /// - Throws: ``DeliveryTrouble/binary`` or ``DeliveryTrouble/eightBit``: the server cannot carry the content as it is.
  package init(
    of content: ContentFacts, declared: BodyType, over server: ServerCapabilities, sendsEightBitAnyway: Bool = false
  ) throws(DeliveryTrouble) {
    // A lone CR or LF that became a line end on its way would show the next reader other lines than a filter saw.
    if declared == .binaryMIME || content.hasNUL || content.hasBareLineEnd {
      guard server.chunking, server.binaryMIME else { throw .binary }
      means = .chunks
      body = .binaryMIME
      return
    }
    if content.isEightBit, !server.eightBitMIME, !sendsEightBitAnyway { throw .eightBit }
    body = server.eightBitMIME && (content.isEightBit || declared == .eightBitMIME) ? .eightBitMIME : nil
    means = content.hasLongLine && server.chunking ? .chunks : .lines
  }
}
