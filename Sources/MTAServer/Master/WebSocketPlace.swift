import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers

/// The socket for `httpListen` of one generation or several. The first generation lives as long as the master, so the socket is closed by
/// whoever replaces it, and not with the generation.
final class WebSocketPlace: Sendable {
  /// As the settings say it.
  let place: ListenAddress
  /// With the port that the system chose.
  let address: ListenAddress
  private let socket: NIOLockedValueBox<OwnedDescriptor?>

  init(_ bound: BoundSocket) {
    (place, address) = (bound.place, bound.address)
    socket = NIOLockedValueBox(bound.descriptor)
  }

  /// Nil once it is closed. It is to be held while its number is used.
  var descriptor: OwnedDescriptor? { socket.withLockedValue { $0 } }

  func close() { socket.withLockedValue { $0 = nil } }
}
