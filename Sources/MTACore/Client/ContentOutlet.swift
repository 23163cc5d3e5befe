import NIOCore

/// One mail's content on its way into writes: gathered into pieces that are worth one, with dots doubled for DATA, or as the chunks of
/// BDAT.
///
/// A chunk waits until more content follows, for the last one is announced as such.
struct ContentOutlet: Hashable, Sendable {
  /// One write.
  struct Part: Hashable, Sendable {
    var octets: ByteBuffer
    var isLast: Bool
  }

  let means: ContentCarriage.Means
  /// A write has at least so many octets, but for the last one.
  private let enough: Int
  private var stuffer = DotStuffer()
  private var gathered = ByteBuffer()
  /// A chunk that has its size, and is not the last.
  private var whole: ByteBuffer?
  /// No more content comes.
  private(set) var hasEnded = false

  init(_ means: ContentCarriage.Means = .lines, enough: Int = 32_768) {
    self.means = means
    self.enough = enough
  }

  /// Whether another piece may be given: a chunk that waits for its turn is not followed by a second.
  var takesMore: Bool { whole == nil && !hasEnded }

  mutating func take(_ piece: ByteBuffer) {
    if means == .lines {
      stuffer.write(piece, into: &gathered)
    } else if gathered.readableBytes >= enough {
      whole = gathered
      gathered = piece
    } else if gathered.readableBytes == 0 {
      gathered = piece
    } else {
      gathered.writeImmutableBuffer(piece)
    }
  }

  /// No more pieces come.
  mutating func end() {
    hasEnded = true
    if means == .lines { stuffer.finish(into: &gathered) }
  }

  /// What is to be sent next; nil where it waits for more to go along with it.
  mutating func next() -> Part? {
    if let chunk = whole.take() { return Part(octets: chunk, isLast: false) }
    guard hasEnded || means == .lines && gathered.readableBytes >= enough else { return nil }
    defer { gathered = ByteBuffer() }
    return Part(octets: gathered, isLast: hasEnded)
  }
}
