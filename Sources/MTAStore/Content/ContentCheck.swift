import MTASystem
import NIOCore

/// The checksum of a mail: of its content, and then of the trace fields that stand before it. Content comes first because the trace is
/// made when all of it is there.
struct ContentCheck {
  private var sum = Checksum()

  init() {}

  init(of content: ByteBuffer, behind trace: ByteBuffer) {
    sum.add(content)
    sum.add(trace)
  }

  mutating func add(_ piece: ByteBuffer) { sum.add(piece) }

  /// The check of all content, with its trace.
  func finished(behind trace: ByteBuffer) -> ContentCheck {
    var all = self
    all.sum.add(trace)
    return all
  }

  /// As it stands in the column `checksum` of `messages`.
  var value: UInt32 { sum.value }

  /// - Parameter known: the number of the row; nil if there is none.
  func fits(_ known: Int64?) -> Bool { known.map { $0 == Int64(value) } ?? true }

  /// Why such a mail is held.
  static let mismatch = "content is damaged: it does not match the checksum that it got when it was accepted"
}
