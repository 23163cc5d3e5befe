import NIOCore

/// BDAT (RFC 3030): content in counted pieces.
extension ServerSession {
  /// A BDAT whose octets are still to come.
  struct Chunk: Hashable, Sendable {
    var remaining: UInt64
    let octets: UInt64
    let last: Bool
    /// The BDAT is refused: its octets are read away, and this is the answer.
    var refusal: Reply?
    var closesAfter = false
    /// With it the mail is refused that it was to begin. Otherwise it came where no BDAT may.
    private(set) var isOfMail = false

    init(_ octets: UInt64, last: Bool, refusal: Reply? = nil) {
      remaining = octets
      self.octets = octets
      self.last = last
      self.refusal = refusal
    }

    /// The same, by which no mail begins.
    func refused(_ reply: Reply, thenClose: Bool = false) -> Chunk {
      var chunk = self
      chunk.refusal = reply
      chunk.closesAfter = thenClose
      chunk.isOfMail = true
      return chunk
    }
  }

  mutating func bdat(_ chunk: Chunk) -> Action {
    guard conversation.mailID == nil else { return self.chunk(chunk) }
    guard room == .enough else { return self.chunk(chunk.refused(.tooMuchAtOnce)) }
    return ask(.data, for: .data(chunk))
  }

  /// The octets that follow are read; a chunk without any is done at once.
  mutating func chunk(_ chunk: Chunk) -> Action {
    // No chunk that large is ever taken, and reading it away is work for nothing; what it was announced for cannot be told from
    // commands, so the connection ends.
    let limit = configuration.maximumMessageBytes
    if limit > 0, chunk.octets > UInt64(limit) { return settle(.tooBig, thenClose: true, isViolation: false) }
    readOn(chunk)
    var nothing = ByteBuffer()
    return readChunk(chunk, &nothing) ?? Action.none
  }

  /// - Parameter chunk: the first BDAT of the mail; nil for DATA.
  mutating func dataJudged(_ chunk: Chunk?, _ answer: Answer) -> Action {
    let objection: Objection?
    if case .stage(let verdict) = answer {
      objection = Objection(verdict)
    } else {
      objection = Objection(unexpected: answer)
    }
    guard let objection else { return perform(.openSpool, for: .spool(chunk)) }
    guard let chunk, objection != .misfit else { return settle(objection) }
    return self.chunk(chunk.refused(objection.reply, thenClose: objection.thenClose))
  }

  mutating func readChunk(_ chunk: Chunk, _ buffer: inout ByteBuffer) -> Action? {
    if content.headerStanding == .complete { return judgeHeader(then: .chunk(chunk)) }
    var chunk = chunk
    guard chunk.remaining > 0 else { return chunkEnded(chunk) }
    let count = Int(clamping: min(chunk.remaining, UInt64(buffer.readableBytes)))
    guard count > 0, let piece = buffer.readSlice(length: count) else { return nil }
    chunk.remaining -= UInt64(count)
    readOn(chunk)
    guard chunk.refusal == nil else { return Action.none }
    if conversation.parameters.body != .binaryMIME { content.lineEnds.check(piece) }
    return arrived(piece)
  }

  private mutating func chunkEnded(_ chunk: Chunk) -> Action {
    if let refusal = chunk.refusal {
      guard chunk.isOfMail else { return settle(refusal, thenClose: chunk.closesAfter) }
      // RFC 3030 §2: the mail has failed; what is pipelined behind it begins no other.
      let action = settle(chunk.last ? answers(refusal) : refusal, thenClose: chunk.closesAfter)
      resetTransaction()
      return action
    }
    if chunk.last {
      content.lineEnds.finish()
      if content.lineEnds.foundBare, content.refusal == nil { content.refusal = .bareLineEnd }
      return ended()
    }
    // RFC 3030 §2: once a chunk fails, the mail has failed; what is pipelined behind it is refused by sequence.
    if content.refusal != nil { return abandon(forEachRecipient: false) }
    return settle(.chunkTaken(chunk.octets))
  }
}

/// Looks for a CR or LF that stands alone, across pieces. Content that came by BDAT without BINARYMIME is text, and leaves by DATA:
/// what would be refused there is refused here.
struct LineEndCheck: Hashable, Sendable {
  private(set) var foundBare = false
  private var afterReturn = false

  mutating func check(_ piece: ByteBuffer) {
    guard !foundBare else { return }
    piece.withUnsafeReadableBytes { bytes in
      for byte in bytes {
        if byte == UInt8(ascii: "\n") {
          if !afterReturn { foundBare = true }
          afterReturn = false
        } else {
          if afterReturn { foundBare = true }
          afterReturn = byte == UInt8(ascii: "\r")
        }
      }
    }
  }

  mutating func finish() {
    if afterReturn { foundBare = true }
  }
}
