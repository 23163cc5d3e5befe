import MTACore
import MTAReceiver

/// Which entry of ``Settings/listeningPorts`` each socket of a service manager serves: the one of its address, or one of its name.
///
/// | name | entries |
/// |---|---|
/// | `lmtp` | those of `lmtpPorts` |
/// | `implicitTLS` | else those of `implicitTLSPorts` |
/// | `standard`, `internalSubmit`, `submission` | else those of that role |
///
/// A socket gets the first entry of its name that has none yet, or else the first of all: one entry may have sockets of IPv4 and of IPv6.
struct SocketPlan {
  /// With the entries that they serve.
  private(set) var sockets: [InheritedSocket] = []
  /// No entry is for these.
  private(set) var strange: [InheritedSocket] = []

  init(_ given: [InheritedSocket], _ listeners: [Receiver.Listener]) {
    var taken: Set<Int> = []
    var named: [InheritedSocket] = []
    for var socket in given {
      if let place = listeners.firstIndex(where: { socket.fits($0.address) }) {
        taken.insert(place)
        socket.listener = place
        sockets.append(socket)
      } else {
        named.append(socket)
      }
    }
    for var socket in named {
      let places = listeners.indices.filter { Self.name(of: listeners[$0]) == socket.name }
      guard let place = places.first(where: { !taken.contains($0) }) ?? places.first else {
        strange.append(socket)
        continue
      }
      taken.insert(place)
      socket.listener = place
      sockets.append(socket)
    }
  }

  static func name(of listener: Receiver.Listener) -> String {
    if listener.speaksLMTP { return "lmtp" }
    return listener.implicitTLS ? "implicitTLS" : listener.role.rawValue
  }
}
