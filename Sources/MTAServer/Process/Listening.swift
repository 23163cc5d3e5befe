import MTACore
import MTAReceiver
import NIOConcurrencyHelpers
import NIOCore

/// Where a server listens, for callers that may ask too early.
final class Listening: Sendable {
  private struct State {
    var addresses: [ListenAddress] = []
    var hasEnded = false
    var waiting: [AsyncStream<[ListenAddress]>.Continuation] = []
  }

  private let state = NIOLockedValueBox(State())

  var addresses: [ListenAddress] { state.withLockedValue(\.addresses) }

  func begin(_ addresses: [ListenAddress]) {
    let waiting = state.withLockedValue { state in
      state.addresses = addresses
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting {
      continuation.yield(addresses)
      continuation.finish()
    }
  }

  /// The server does not listen any more, and will not again.
  func end() {
    let waiting = state.withLockedValue { state in
      state.addresses = []
      state.hasEnded = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.finish() }
  }

  /// The addresses given to ``begin(_:)``; empty if the end, or the task's cancellation, comes first.
  func wait() async -> [ListenAddress] {
    let (addresses, ask) = AsyncStream.makeStream(of: [ListenAddress].self)
    state.withLockedValue { state in
      if !state.addresses.isEmpty { ask.yield(state.addresses) }
      if state.hasEnded || !state.addresses.isEmpty { ask.finish() } else { state.waiting.append(ask) }
    }
    for await found in addresses { return found }
    return []
  }
}

extension ListenAddress {
  /// An address of the system; nil if it is not an Internet address.
  init?(_ address: SocketAddress) {
    // A link-local address has its zone behind it.
    guard let text = address.ipAddress?.prefix(while: { $0 != "%" }), let ip = IPAddress(String(text)),
      let port = address.port.flatMap({ UInt16(exactly: $0) })
    else { return nil }
    self.init(ip, port: port)
  }
}
