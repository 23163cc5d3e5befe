import Foundation
import MTAReceiver
import MTASystem
import NIOCore
import Testing

/// What a service manager gives a server, and what it hears from it.
final class ServiceManager {
  /// Sockets that listen, in the order in which they are passed.
  private(set) var sockets: [Int32] = []
  private var names: [String] = []
  private var variables: [String: String] = [:]
  private var news: Int32 = -1

  /// The variables of the server. The numbers of its process are added by a shell.
  var environment: [String: String] {
    guard !sockets.isEmpty else { return variables }
    return variables.merging(["LISTEN_FDS": "\(sockets.count)", "LISTEN_FDNAMES": names.joined(separator: ":")]) { $1 }
  }

  deinit { for descriptor in sockets + [news] { close(descriptor) } }

  /// - Parameters:
  ///   - place: a path, or `@` and an abstract name.
  ///   - watchdog: the time in which it wants a sign of life.
  func listenForNews(at place: String, watchdog: Duration? = nil) throws {
    news = socket(AF_UNIX, Self.kind(SOCK_DGRAM), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(place.utf8)
    if place.hasPrefix("@") { name[0] = 0 }
    let room = MemoryLayout.size(ofValue: address.sun_path)
    try #require(name.count < room)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size - room + name.count)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(news, $0, length) }
    }
    try #require(code == 0, "bind: \(errno)")
    variables["NOTIFY_SOCKET"] = place
    if let watchdog { variables["WATCHDOG_USEC"] = "\(watchdog.components.attoseconds / 1_000_000_000_000)" }
  }

  /// The next datagram, as its lines; nil when there is none yet.
  func hear() -> [String]? {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(news, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    guard count > 0 else { return nil }
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map { String($0) }
  }

  /// Opens a socket that listens on a port of 127.0.0.1. Returns the port.
  func open(named name: String) throws -> Int {
    let descriptor = socket(AF_INET, Self.kind(SOCK_STREAM), 0)
    sockets.append(descriptor)
    names.append(name)
    let isListening = try SocketAddress(ipAddress: "127.0.0.1", port: 0).withSockAddr {
      bind(descriptor, $0, socklen_t($1)) == 0 && listen(descriptor, 16) == 0
    }
    try #require(isListening)
    return Int(try #require(InheritedSocket(descriptor: descriptor, name: name)).port)
  }

  #if canImport(Glibc)
    private static func kind(_ kind: __socket_type) -> Int32 { Int32(kind.rawValue | SOCK_CLOEXEC.rawValue) }
  #else
    private static func kind(_ kind: Int32) -> Int32 { kind }
  #endif
}
