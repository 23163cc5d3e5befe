#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads lines from a file, a pipe or standard input, one after the other. A line that is longer than ``longest`` is passed over.
struct LineReader: ~Copyable {
  static let longest = 1 << 16

  private let file: CInt
  private let name: String
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  private var begin = 0
  private var end = 0
  private var isPassing = false
  private var isOver = false

  /// - Parameter path: `-` is standard input.
  init(_ path: String) throws(Trouble) {
    name = path
    file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { throw Trouble(path, .opening) }
  }

  deinit { if file != STDIN_FILENO { close(file) } }

  /// - Returns: a line without its end; nil at the end of the file.
  mutating func next() throws(Trouble) -> ArraySlice<UInt8>? {
    var searched = begin
    while true {
      if let feed = buffer[searched..<end].firstIndex(of: 10) {
        let line = buffer[begin..<feed]
        begin = feed + 1
        searched = begin
        if isPassing {
          isPassing = false
          continue
        }
        if line.count <= Self.longest { return line }
        continue
      }
      if isOver {
        defer { begin = end }
        // A line that is still being written has no end yet.
        return begin == end || isPassing || end - begin > Self.longest ? nil : buffer[begin..<end]
      }
      if end - begin > Self.longest { (isPassing, begin) = (true, end) }
      let seen = end - begin
      try fill()
      searched = begin + seen
    }
  }

  private mutating func fill() throws(Trouble) {
    if begin > 0 {
      buffer.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[begin..<end])) }
      (begin, end) = (0, end - begin)
    }
    while true {
      let count = buffer.withUnsafeMutableBytes { systemRead(file, $0.baseAddress.map { $0 + end }, $0.count - end) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Trouble(name, .reading) }
      end += count
      isOver = count == 0
      return
    }
  }

  struct Trouble: Error {
    enum Step { case opening, reading }
    let step: Step
    let sentence: String

    /// - Note: the reason is in `errno`.
    init(_ name: String, _ step: Step) {
      self.step = step
      sentence = "\(name): \(String(cString: strerror(errno)))"
    }
  }
}

#if canImport(Glibc)
  private let systemRead = Glibc.read
#elseif canImport(Darwin)
  private let systemRead = Darwin.read
#endif
