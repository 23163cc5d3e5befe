#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tells a service manager what this service does: the protocol of sd_notify(3). Each call is one datagram of lines `NAME=VALUE`.
struct ServiceNotifier: Hashable, Sendable {
  /// As `sun_path` has it.
  private let name: [UInt8]

  /// - Parameter place: a path, or `@` and an abstract name. Nil for anything else.
  init?(_ place: String) {
    var name = Array(place.utf8)
    guard name.count > 1, name.count < Self.room else { return nil }
    switch name.first {
    case UInt8(ascii: "/"): name.append(0)
    case UInt8(ascii: "@"): name[0] = 0
    default: return nil
    }
    self.name = name
  }

  private static let room = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

  /// A reload begins. It ends with `READY=1`.
  func tellReloading() {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let microseconds = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    tell(["RELOADING=1", "MONOTONIC_USEC=\(microseconds)"])
  }

  /// Waits up to a second for a service manager that is busy.
  ///
  /// - Returns: false if it could not be told.
  @discardableResult
  func tell(_ lines: [String]) -> Bool {
    #if canImport(Glibc)
      let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    #else
      let kind = SOCK_DGRAM
    #endif
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: 1, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size - Self.room + name.count)
    let text = Array(lines.joined(separator: "\n").utf8)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(descriptor, text, text.count, 0, $0, length) }
    } == text.count
  }
}
