import MTACore
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file, a pipe, a terminal or standard error, to which lines are appended. It is used on the queue's thread alone, after it is made.
final class LogFile: LogOutput, @unchecked Sendable {
  private enum Kind {
    case file, socket
    /// Of pipes, terminals and the like; another end may read slowly.
    case stream
  }

  /// What a pipe takes at once and unmixed.
  private static let pipeBuffer = 4096

  private var descriptor: Int32
  private let kind: Kind
  /// Nil: not ours to close, nor to rotate.
  private let path: String?
  private let rotation: LineLog.Rotation?
  private let times: LineLog.Times
  private let clock: any WallClock
  /// When the last line was written that was there before; nil if there was none.
  let lastWritten: Timestamp?
  private var isMidLine = false
  /// The size above which a file that could not be rotated is tried again.
  private var patientUntil = 0
  private var trouble: LogNote?

  static func standardError() -> LogFile { LogFile() }

  private init() {
    (descriptor, path, rotation, times, clock, lastWritten) = (STDERR_FILENO, nil, nil, .utc, SystemClock(), nil)
    kind = Self.kind(Self.status(STDERR_FILENO))
  }

  /// The other end may read slowly, or be gone.
  init(pipe: Int32) {
    (descriptor, path, rotation, times, clock, lastWritten) = (pipe, nil, nil, .utc, SystemClock(), nil)
    kind = .stream
  }

  /// - Throws: ``SettingsFailure`` when the file cannot be opened.
  init(path: String, rotation: LineLog.Rotation?, times: LineLog.Times, clock: any WallClock) throws {
    guard let file = Self.open(path) else {
      throw SettingsFailure(["logFile: cannot open \(path): \(String(cString: strerror(errno)))"])
    }
    (descriptor, self.path, self.rotation, self.times, self.clock) = (file, path, rotation, times, clock)
    let status = Self.status(file)
    kind = Self.kind(status)
    let hasLines = kind == .file && (status?.st_size ?? 0) > 0
    lastWritten = hasLines ? status.map { Self.written($0) } : nil
  }

  deinit { if path != nil { close(descriptor) } }

  var hasLineEnds: Bool { true }

  func takeTrouble() -> LogNote? { trouble.take() }

  func write(_ bytes: UnsafeRawBufferPointer) -> LogProgress {
    if case .bytes(let size)? = rotation?.period, kind == .file {
      return put(UnsafeRawBufferPointer(rebasing: bytes[..<room(for: bytes, size)]))
    }
    if kind == .file { return put(bytes) }
    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    if poll(&ready, 1, 100) <= 0 { return .waits }
    return put(UnsafeRawBufferPointer(rebasing: bytes[..<Self.wholeLines(bytes, Self.pipeBuffer)]))
  }

  private func put(_ bytes: UnsafeRawBufferPointer) -> LogProgress {
    while true {
      #if canImport(Glibc)
        let count =
          kind == .socket
          ? send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
          : Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      #else
        let count = Darwin.write(descriptor, bytes.baseAddress, bytes.count)
      #endif
      if count > 0 {
        isMidLine = bytes[count - 1] != UInt8(ascii: "\n")
        return .wrote(count)
      }
      if count < 0, errno == EINTR { continue }
      return .fails
    }
  }

  /// As many whole lines as fit into `size`; of a longer line that much.
  private static func wholeLines(_ bytes: UnsafeRawBufferPointer, _ size: Int) -> Int {
    if bytes.count <= size { return bytes.count }
    return bytes[..<size].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? size
  }

  // MARK: Rotation

  /// How many bytes belong to this file, whole lines. Begins a new file if none do.
  private func room(for bytes: UnsafeRawBufferPointer, _ size: Int) -> Int {
    let firstLine = bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
    if isMidLine { return firstLine }
    var present = Int(Self.status(descriptor)?.st_size ?? 0)
    if present > 0, present + firstLine > max(size, patientUntil) {
      rotate(after: clock.now)
      present = Int(Self.status(descriptor)?.st_size ?? 0)
      patientUntil = trouble == nil ? 0 : present + size
    }
    return max(firstLine, Self.wholeLines(bytes, max(1, max(size, patientUntil) - present)))
  }

  func rotate(after last: Timestamp) {
    guard let path, kind == .file, let own = Self.status(descriptor), own.st_size > 0 else { return }
    // If another program moved the file, there is only a new one to open.
    let there = Self.status(path)
    let isInPlace = there.map { $0.st_ino == own.st_ino && $0.st_dev == own.st_dev } ?? false
    if isInPlace, !moveAside(path, LogDate(last, ahead: times.ahead(at: last)).digits) { return }
    guard let new = Self.open(path) else { return fail(path) }
    if isInPlace { _ = fchmod(new, own.st_mode & 0o777) }
    close(descriptor)
    descriptor = new
  }

  private func moveAside(_ path: String, _ date: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let base = String(parts.last ?? "")
    let folder = parts.count > 1 ? parts.dropLast().joined(separator: "/") + "/" : "./"
    guard let names = Self.names(folder) else {
      fail(folder)
      return false
    }
    var old = OldLogs(of: base, among: names)
    let new = folder + old.add(date)
    guard rename(path, new) == 0 else {
      fail(new)
      return false
    }
    if let keep = rotation?.keep {
      for name in old.beyond(keep) { if unlink(folder + name) != 0 { fail(folder + name) } }
    }
    return true
  }

  private func fail(_ path: String) { trouble = .notRotated("\(path): \(String(cString: strerror(errno)))") }

  // MARK: The system

  private static func open(_ path: String) -> Int32? {
    // Without a reader a pipe would keep us waiting; so we are one, and lines wait in it.
    let isPipe = status(path).map { $0.st_mode & S_IFMT == S_IFIFO } ?? false
    let file = systemOpen(
      path, (isPipe ? O_RDWR | O_NONBLOCK : O_WRONLY) | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0o640)
    return file < 0 ? nil : file
  }

  private static func status(_ file: Int32) -> stat? {
    var status = stat()
    return fstat(file, &status) == 0 ? status : nil
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private static func kind(_ status: stat?) -> Kind {
    guard let status else { return .stream }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFSOCK: return .socket
    default: return .stream
    }
  }

  private static func written(_ status: stat) -> Timestamp {
    #if canImport(Glibc)
      Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000)
    #else
      Timestamp(milliseconds: Int64(status.st_mtimespec.tv_sec) * 1000)
    #endif
  }

  private static func names(_ folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { name in
          String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
