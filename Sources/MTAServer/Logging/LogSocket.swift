import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A datagram socket of this machine: syslog's or the journal's. It is used on the queue's thread alone, after it is made.
///
/// Each entry has four octets with its length before it, and is one datagram. If the other end goes away, the socket is connected anew.
final class LogSocket: LogOutput, @unchecked Sendable {
  private let path: String
  private var socket: Int32?

  init(path: String) { self.path = path }

  deinit { disconnect() }

  var hasLineEnds: Bool { false }
  func rotate(after _: Timestamp) {}
  func takeTrouble() -> LogNote? { nil }

  func write(_ bytes: UnsafeRawBufferPointer) -> LogProgress {
    guard bytes.count >= 4 else { return .wrote(bytes.count) }
    let length = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    let entry = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(4).prefix(length))
    var size = entry.count
    while true {
      guard let socket = socket ?? connected() else { return .fails }
      let sent = send(socket, entry.baseAddress, size, Self.flags)
      if sent >= 0 { return .wrote(4 + entry.count) }
      switch errno {
      case EINTR: continue
      // Some take less. A part is better than nothing.
      case EMSGSIZE where size > 256: size /= 2
      case EMSGSIZE: return .wrote(4 + entry.count)
      case EAGAIN, ENOBUFS:
        var ready = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        if poll(&ready, 1, 100) <= 0 { return .waits }
      default:
        disconnect()
        return .fails
      }
    }
  }

  #if canImport(Glibc)
    private static let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
  #else
    private static let flags = Int32(MSG_DONTWAIT)
  #endif

  private func disconnect() {
    if let socket { close(socket) }
    socket = nil
  }

  private func connected() -> Int32? {
    #if canImport(Glibc)
      let new = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    #else
      let new = Darwin.socket(AF_UNIX, SOCK_DGRAM, 0)
    #endif
    guard new >= 0 else { return nil }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
      guard path.utf8.count < room.count else { return false }
      room.copyBytes(from: path.utf8)
      return true
    }
    let code = withUnsafePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(new, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard fits, code == 0 else {
      close(new)
      return nil
    }
    socket = new
    return new
  }
}
