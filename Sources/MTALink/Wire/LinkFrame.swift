import MTASystem
import NIOCore

/// One message on the wire: its length, kind and number, and what it holds.
///
/// ```
/// 4 bytes  the length of all that follows
/// 1 byte   the kind; its high bit says that a descriptor comes with it
/// 8 bytes  the number of the request that it is, or answers; 0 where there is no answer
/// …        the body
/// ```
struct LinkFrame {
  static let lengthBytes = 4
  /// Kind and number.
  static let headBytes = 9

  static let withDescriptor: UInt8 = 128

  var kind: UInt8
  var number: UInt64
  var body: ByteBuffer
  var wantsDescriptor = false
  /// The descriptor that came with it.
  var passed: OwnedDescriptor?

  /// A frame whose body `body` writes. More bytes, sent after it, belong to it.
  static func encode(
    _ kind: UInt8, _ number: UInt64, capacity: Int = 64, followedBy more: Int = 0,
    _ body: (inout LinkEncoder) -> Void
  ) -> ByteBuffer {
    var encoder = LinkEncoder(capacity: capacity)
    encoder.bytes.writeInteger(0 as UInt32)
    encoder.bytes.writeInteger(kind)
    encoder.bytes.writeInteger(number)
    body(&encoder)
    let length = encoder.bytes.readableBytes - lengthBytes + more
    encoder.bytes.setInteger(UInt32(clamping: length), at: encoder.bytes.readerIndex)
    return encoder.bytes
  }
}

/// Cuts the bytes of a peer into frames. A fault is for good: frames after it cannot be found.
struct LinkFrameDecoder {
  /// A body up to this is copied out, for a slice would keep all that was read with it.
  static let copied = 16_384

  private var bytes = ByteBuffer()
  private let limits: @Sendable (UInt8) -> Int
  private var fault: LinkFault?

  /// - Parameter limits: the longest body of each kind; negative: there is no such kind.
  init(limits: @escaping @Sendable (UInt8) -> Int) { self.limits = limits }

  /// Bytes that have come of frames which are not whole yet.
  var waiting: Int { bytes.readableBytes }

  /// Lets `body` write what it reads into the space, and returns how much that was.
  mutating func read(_ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    if bytes.readableBytes == 0 { bytes.clear() } else { bytes.discardReadBytes() }
    return bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: max(chunk, missing)) { max(0, body($0)) }
  }

  private let chunk = 65_536
  /// What the next frame lacks, so that a long one is read into one buffer. It grows with what has come, by no more than it.
  private var missing: Int {
    guard let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) else { return 0 }
    return min(LinkFrame.lengthBytes + Int(length) - bytes.readableBytes, max(bytes.readableBytes, chunk))
  }

  mutating func append(_ piece: ByteBuffer) {
    if bytes.readableBytes == 0 { bytes.clear() } else { bytes.discardReadBytes() }
    bytes.writeImmutableBuffer(piece)
  }

  /// The next whole frame; nil until more has come.
  mutating func next() throws(LinkFault) -> LinkFrame? {
    if let fault { throw fault }
    do {
      return try cut()
    } catch {
      fault = error
      throw error
    }
  }

  private mutating func cut() throws(LinkFault) -> LinkFrame? {
    let start = bytes.readerIndex
    guard let length = bytes.getInteger(at: start, as: UInt32.self) else { return nil }
    guard length >= UInt32(LinkFrame.headBytes) else { throw .short }
    guard let first = bytes.getInteger(at: start + LinkFrame.lengthBytes, as: UInt8.self) else { return nil }
    let kind = first & ~LinkFrame.withDescriptor
    let bodyLength = Int(length) - LinkFrame.headBytes
    let limit = limits(kind)
    guard limit >= 0, first == kind || kind == LinkKind.commit else {
      throw LinkFault("there is no message of kind \(first)")
    }
    guard bodyLength <= limit else { throw .large }
    guard bytes.readableBytes >= LinkFrame.lengthBytes + Int(length) else { return nil }
    bytes.moveReaderIndex(forwardBy: LinkFrame.lengthBytes + 1)
    guard let number = bytes.readInteger(as: UInt64.self), let slice = bytes.readSlice(length: bodyLength) else {
      throw .short
    }
    let body = bodyLength > Self.copied ? slice : ByteBuffer(slice.readableBytesView)
    return LinkFrame(kind: kind, number: number, body: body, wantsDescriptor: first != kind)
  }
}
