import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// Loads a mail when its first delivery needs it, and once: its destinations share content and signature (R15).
final class MailSource: Sendable {
  let envelope: Envelope
  private let queue: any ParcelQueue
  private let signer: (any MailSigner)?
  private let clock: any WallClock
  private let serverName: String
  private let loading = NIOLockedValueBox<Task<OutgoingMail, any Error>?>(nil)

  init(
    _ envelope: Envelope, queue: any ParcelQueue, signer: (any MailSigner)?, clock: any WallClock, serverName: String
  ) {
    self.envelope = envelope
    self.queue = queue
    self.signer = signer
    self.clock = clock
    self.serverName = serverName
  }

  /// - Throws: when the store does not give the content, or the signer fails; the mail is then to be deferred.
  func load() async throws -> OutgoingMail {
    let task = loading.withLockedValue { loading in
      if let loading { return loading }
      let task = Task { try await read() }
      loading = task
      return task
    }
    return try await task.value
  }

  private func read() async throws -> OutgoingMail {
    let content = try await queue.content(of: envelope.id)
    var signature: ByteBuffer?
    if envelope.isSubmission, let signer {
      signature = try await signer.signature(for: envelope, content, at: clock.now)
    }
    let isInternational = envelope.smtpUTF8 ? try await HeaderScan.hasOtherThanASCII(content) : false
    let omitted = envelope.hasForgedResults ? try await HeaderScan.resultsClaiming(serverName, in: content) : []
    return OutgoingMail(
      envelope: envelope, content: content, omitted: omitted, signature: signature,
      hasInternationalHeader: isInternational)
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

  /// Whether trace or header hold octets above 127: such mail needs SMTPUTF8 all the way (RFC 6532 §3.6).
  static func hasOtherThanASCII(_ content: StoredContent) async throws -> Bool {
    if content.trace.readableBytesView.contains(where: { $0 >= 128 }) { return true }
    var found = false
    var emptyLine = 1
    do {
      try await content.forEachPiece { piece in
        for byte in piece.readableBytesView {
          if byte >= 128 { found = true }
          // Two line feeds with nothing but a CR between them: the header's end. The content begins at a line's start.
          if byte == UInt8(ascii: "\n") { emptyLine += 1 } else if byte != UInt8(ascii: "\r") { emptyLine = 0 }
          if found || emptyLine == 2 { throw HeaderEnded() }
        }
      }
    } catch is HeaderEnded {}
    return found
  }
}
