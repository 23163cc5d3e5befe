#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files that commands read and write.
enum LocalFile {
  /// At most 1 MiB.
  static func read(_ path: String) throws(DKIMTrouble) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw DKIMTrouble("\(path): \(reason)") }
    defer { close(file) }
    return try read(file, path, limit: 1 << 20)
  }

  static func read(_ file: CInt, _ name: String, limit: Int) throws(DKIMTrouble) -> [UInt8] {
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = piece.withUnsafeMutableBytes { systemRead(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw DKIMTrouble("\(name): \(reason)") }
      if count == 0 { return content }
      content += piece[..<count]
      guard content.count <= limit else { throw DKIMTrouble("\(name): more than \(limit) octets") }
    }
  }

  /// The next octets of a stream, at most 64 KiB; empty at its end. Nil, with the reason in `errno`, if it cannot be read.
  static func piece(of file: CInt) -> [UInt8]? {
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = piece.withUnsafeMutableBytes { systemRead(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      return count < 0 ? nil : Array(piece.prefix(count))
    }
  }

  /// Writes a file that was not there and that only its owner can read.
  static func create(_ path: String, _ content: [UInt8]) throws(DKIMTrouble) {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw DKIMTrouble("\(path): \(reason)") }
    defer { close(file) }
    guard write(content, to: file) else {
      let trouble = DKIMTrouble("\(path): \(reason)")
      unlink(path)
      throw trouble
    }
    guard fsync(file) == 0 else { throw DKIMTrouble("\(path): \(reason)") }
  }

  /// Writes a file that everyone may read, in place of what is there. A link is not followed.
  static func replace(_ path: String, _ content: [UInt8]) throws(DKIMTrouble) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw DKIMTrouble("\(path): \(reason)") }
    defer { close(file) }
    guard write(content, to: file) else { throw DKIMTrouble("\(path): \(reason)") }
  }

  /// Writes all of `bytes`; false when they do not go.
  static func write(_ bytes: [UInt8], to file: CInt) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// A line without its end, octet by octet, so that what follows is left; nil at the end of the file, for a line that is longer, and for
  /// one with an octet 3: what ^C types where the terminal makes no signal of it.
  static func line(_ file: CInt, limit: Int) -> [UInt8]? {
    var line: [UInt8] = []
    var octet: UInt8 = 0
    while line.count <= limit {
      let count = systemRead(file, &octet, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1, octet != 3 else { return nil }
      if octet == 10 { return line }
      line.append(octet)
    }
    return nil
  }

  /// Gives each of standard input, output and complaints that was closed (`>&-`) a file that cannot be read or written as it is. Otherwise
  /// the next file that is opened would take the number, and what is printed would go into it.
  static func fillClosedStreams() {
    for (number, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(number, F_GETFD) < 0 {
      // The lowest number that is free, so this one.
      _ = open("/dev/null", flags)
    }
  }

  /// Where relative paths begin.
  static var workingFolder: String {
    guard let path = getcwd(nil, 0) else { return "" }
    defer { free(path) }
    return String(cString: path)
  }

  private static var reason: String { String(cString: strerror(errno)) }

  #if canImport(Glibc)
    private static let systemRead = Glibc.read
    private static let systemWrite = Glibc.write
  #elseif canImport(Darwin)
    private static let systemRead = Darwin.read
    private static let systemWrite = Darwin.write
  #endif
}
