import MTACore
import NIOCore

extension IPAddress {
  /// A client at a Unix socket is on this machine.
  init?(_ address: SocketAddress) {
    guard let text = address.ipAddress else {
      self = .loopback4
      return
    }
    self.init(text)
  }
}
