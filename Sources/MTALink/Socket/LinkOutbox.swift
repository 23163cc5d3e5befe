import MTASystem
import NIOCore

/// What waits to be sent, in order. Small frames are gathered, so that one call sends many.
struct LinkOutbox {
  /// One call's worth.
  struct Piece {
    var bytes: ByteBuffer
    /// Goes with the first byte.
    var passed: OwnedDescriptor?
  }

  /// Gathered in one piece; larger frames are sent from where they lie.
  static let gathered = 65_536
  /// With as many pieces waiting nothing is added that may as well be dropped.
  static let mostForDroppable = 8

  private(set) var pieces = CircularBuffer<Piece>()
  /// The last piece is the outbox's own, so more can be appended to it.
  private var isLastOwn = false
  var isSending = false
  var isOver = false
  var endsWhenSent = false
  /// The socket is full: the thread goes on.
  var isForThread = false

  var isEmpty: Bool { pieces.isEmpty }

  mutating func append(_ frame: ByteBuffer, passing passed: OwnedDescriptor? = nil) {
    if passed == nil, frame.readableBytes <= Self.gathered, let last = pieces.last,
      last.bytes.readableBytes + frame.readableBytes <= Self.gathered
    {
      let index = pieces.index(before: pieces.endIndex)
      if isLastOwn {
        pieces[index].bytes.writeImmutableBuffer(frame)
        return
      }
      if last.passed == nil {
        var own = ByteBuffer()
        own.reserveCapacity(Self.gathered)
        own.writeImmutableBuffer(last.bytes)
        own.writeImmutableBuffer(frame)
        pieces[index].bytes = own
        isLastOwn = true
        return
      }
    }
    pieces.append(Piece(bytes: frame, passed: passed))
    isLastOwn = false
  }

  /// Takes the next piece; nil if there is none.
  mutating func take() -> Piece? {
    if pieces.count == 1 { isLastOwn = false }
    return pieces.popFirst()
  }

  /// A piece that was sent in part.
  mutating func putBack(_ piece: Piece) {
    if pieces.isEmpty { isLastOwn = false }
    pieces.prepend(piece)
  }

  mutating func end() {
    isOver = true
    pieces.removeAll()
  }
}
