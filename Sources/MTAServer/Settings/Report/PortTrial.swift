import MTACore
import MTAReceiver
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether this process could listen where the settings say. Nobody is served meanwhile: a socket is bound, and closed at once.
struct PortTrial {
  private(set) var problems: [String] = []
  private(set) var warnings: [String] = []

  /// - Parameter bind: the system's code for a place; 0 if it went well.
  init(_ settings: Settings, trying bind: (ListenAddress) -> Int32 = Self.bind) {
    var seen: Set<String> = []
    let mail = settings.listeningPorts.map { (key: "listeningPorts", place: $0) }
    for (key, place) in mail + [settings.httpListen].compactMap({ $0.map { ("httpListen", $0) } }) where place.port != 0
    {
      guard seen.insert("\(place)").inserted else {
        problems.append("\(key): \(place) \(key == "httpListen" ? "is one of listeningPorts" : "stands there twice")")
        continue
      }
      switch bind(place) {
      case 0: break
      case EADDRINUSE:
        warnings.append("\(key): \(place): a program listens there; that is fine if it is this server")
      case EACCES, EPERM:
        warnings.append("\(key): \(place): this user may not listen there; a service manager may open it")
      case let code: problems.append("\(key): \(place): \(String(cString: strerror(code)))")
      }
    }
    let listening = Set(settings.listeningPorts.map(\.port))
    for (key, ports) in [
      ("implicitTLSPorts", settings.implicitTLSPorts), ("lmtpPorts", settings.lmtpPorts),
      ("proxyPorts", settings.proxyPorts),
    ] {
      for port in ports where !listening.contains(port) {
        warnings.append("\(key): \(port) is not among listeningPorts")
      }
    }
  }

  /// The system's code; 0 if it went well.
  static func bind(_ place: ListenAddress) -> Int32 {
    guard let address = place.address else {
      // All addresses are those of IPv6, which take IPv4 as well; on a machine without IPv6 they are those of IPv4.
      let code = bind("::", place.port)
      return code == EAFNOSUPPORT || code == EADDRNOTAVAIL ? bind("0.0.0.0", place.port) : code
    }
    return bind("\(address)", place.port)
  }

  private static func bind(_ address: String, _ port: UInt16) -> Int32 {
    guard let address = try? SocketAddress(ipAddress: address, port: Int(port)) else { return EINVAL }
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    let descriptor = socket(Int32(address.protocol.rawValue), kind, 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    var isReused: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
    return address.withSockAddr { systemBind(descriptor, $0, socklen_t($1)) == 0 ? 0 : errno }
  }

  // Inside methods of the same name the system's function is out of sight.
  #if canImport(Glibc)
    private static let systemBind = Glibc.bind
  #else
    private static let systemBind = Darwin.bind
  #endif
}
