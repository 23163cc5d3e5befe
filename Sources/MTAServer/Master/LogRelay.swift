import MTASystem
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads what a child says on a pipe, line by line, on a thread of its own. A child is as trusted as a stranger: a line that is too long
/// is cut.
struct LogRelay: Sendable {
  /// Bytes of a line. A pipe takes as many at once, unmixed with those of others.
  static let maximumLine = 4096

  /// Microseconds after a read, so that many lines wake the master once. In the pipe they are safe, also if their process ends.
  private static let pause: UInt32 = 5000
  /// A pipe takes 64 KiB. A child that writes so much at a time is not kept waiting.
  private static let much = 16_384

  /// Held while lines are read and passed on. Whoever holds it longer keeps lines in the pipes, from where the next program of this
  /// process reads them. Lines are written whole, so it begins with one.
  let gate: NIOLock
  let take: @Sendable (ArraySlice<UInt8>) -> Void

  /// Goes on until no process has the other end any more.
  func read(_ pipe: OwnedDescriptor) {
    startThread { [gate, take] in
      var splitter = LineSplitter(maximum: Self.maximumLine)
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while true {
        var waiting = pollfd(fd: pipe.number, events: Int16(POLLIN), revents: 0)
        if poll(&waiting, 1, -1) < 0, errno != EINTR { break }
        if waiting.revents == 0 { continue }
        let count = gate.withLock {
          let count = systemRead(pipe.number, &buffer, buffer.count)
          if count > 0 { splitter.add(buffer[..<count], take) }
          return count
        }
        if count == 0 || count < 0 && errno != EINTR { break }
        if count < Self.much { usleep(Self.pause) }
      }
      splitter.end(take)
    }
  }
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, bytes, count)
}

/// Parts bytes into lines. What is longer than a line may be is cut into several.
struct LineSplitter {
  private let maximum: Int
  private var begun: [UInt8] = []
  private var isCut = false

  init(maximum: Int) { self.maximum = max(1, maximum) }

  mutating func add(_ bytes: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      take(rest[..<end], body)
      // The rest of a line that was cut may be empty.
      if !isCut || !begun.isEmpty { body(begun[...]) }
      begun.removeAll(keepingCapacity: true)
      isCut = false
      rest = rest[(end + 1)...]
    }
    take(rest, body)
  }

  /// A last line without an end.
  mutating func end(_ body: (ArraySlice<UInt8>) -> Void) {
    if !begun.isEmpty { body(begun[...]) }
    begun = []
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
    var rest = bytes
    while begun.count + rest.count > maximum {
      let room = rest.prefix(maximum - begun.count)
      begun += room
      rest = rest[room.endIndex...]
      body(begun[...])
      begun.removeAll(keepingCapacity: true)
      isCut = true
    }
    begun += rest
  }
}
