import MTACore
import MTASystem
import NIOCore

/// One arriving mail of a receiver: in memory up to a limit, then in memory of its own, which the queue process is given to read.
///
/// `@unchecked`: one task at a time uses it, as `MessageSpool` demands.
final class LinkSpool: MessageSpool, @unchecked Sendable {
  private let client: LinkClient
  private let id: MailID
  private var gathered = ByteBuffer()
  private var size = 0
  private var shared: SharedContent?
  /// What of the process's room is taken.
  private var taken = 0
  private var isOver = false

  /// The room is taken in steps, so that small pieces cost nothing.
  private static let step = 65_536

  init(_ client: LinkClient, _ id: MailID) {
    self.client = client
    self.id = id
  }

  deinit { client.room.giveBack(taken) }

  var bytesInMemory: Int { gathered.readableBytes == 0 ? 0 : gathered.storageCapacity }

  func append(_ piece: ByteBuffer) async throws(StoreFailure) {
    guard !isOver else { throw .closed }
    guard piece.readableBytes > 0 else { return }
    let (sum, overflow) = size.addingReportingOverflow(piece.readableBytes)
    guard !overflow else { throw .noSpace }
    try takeRoom(for: sum)
    size = sum
    if let shared {
      guard shared.append(piece) else { throw .noSpace }
    } else if sum > client.configuration.spillThreshold {
      guard let shared = SharedContent.make(), shared.append(gathered), shared.append(piece) else { throw .noSpace }
      self.shared = shared
      gathered = ByteBuffer()
    } else if gathered.readableBytes == 0 {
      gathered = piece
    } else {
      gathered.writeImmutableBuffer(piece)
    }
  }

  private func takeRoom(for size: Int) throws(StoreFailure) {
    guard size > taken else { return }
    let more = (size - taken + Self.step - 1) / Self.step * Self.step
    guard client.room.take(more) else { throw .noSpace }
    taken += more
  }

  func commit(_ envelope: Envelope, trace: ByteBuffer) async throws(StoreFailure) -> StoreReceipt {
    guard !isOver else { throw .closed }
    guard envelope.id == id, !envelope.recipients.isEmpty else {
      throw .failed("the envelope \(envelope.id) does not fit the spool \(id), or has no recipient")
    }
    if let shared, !shared.seal() { throw .failed("content cannot be sealed") }
    isOver = true
    let number = client.takeNumber()
    let outgoing = LinkClient.Outgoing(
      commit: number, envelope, trace: trace, inline: shared == nil ? gathered : nil, size: size,
      passed: shared?.descriptor)
    guard let outgoing else { throw .failed("the envelope of \(id) is too large for the queue process") }
    let answer: LinkMessage? = await withCheckedContinuation { continuation in
      client.ask(number, outgoing, patience: client.configuration.commitPatience) {
        continuation.resume(returning: $0)
      }
    }
    release()
    switch answer {
    case .receipt?: return StoreReceipt(durablyStored: id)
    case .failure(let failure)?: throw failure
    case nil: throw .failed("the queue process is away")
    default: throw .failed("the queue process gave another answer")
    }
  }

  func abandon() async {
    isOver = true
    release()
  }

  private func release() {
    gathered = ByteBuffer()
    shared = nil
    client.room.giveBack(taken)
    taken = 0
  }
}

extension LinkClient.Outgoing {
  /// Content up to this is copied behind the envelope; more is sent from where it lies.
  private static let copied = 16_384
  /// `isResent` is the first thing in the body.
  private static let resentMark = LinkFrame.lengthBytes + LinkFrame.headBytes

  /// Nil for what is larger than a message may be.
  init?(
    commit number: UInt64, _ envelope: Envelope, trace: ByteBuffer, inline: ByteBuffer?, size: Int,
    passed: OwnedDescriptor?
  ) {
    let isCopied = size <= Self.copied && inline != nil
    let follows = isCopied ? 0 : inline?.readableBytes ?? 0
    frame = LinkFrame.encode(
      passed == nil ? LinkKind.commit : LinkKind.commit | LinkFrame.withDescriptor, number,
      capacity: 512 + trace.readableBytes + (isCopied ? size : 0), followedBy: follows
    ) { encoder in
      encoder.write(false)
      encoder.write(envelope)
      encoder.write(trace)
      encoder.write(inline == nil ? 1 as UInt8 : 0)
      if inline == nil { encoder.write(count: size) }
      if isCopied, let inline { encoder.bytes.writeImmutableBuffer(inline) }
    }
    content = isCopied ? nil : inline
    self.passed = passed
    resentMark = frame.readerIndex + Self.resentMark
    guard frame.readableBytes + follows - Self.resentMark <= LinkLimits.commit else { return nil }
  }
}
