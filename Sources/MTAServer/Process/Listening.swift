import MTACore
import MTAReceiver
import NIOConcurrencyHelpers
import NIOCore

/// Where a server listens, for those who ask before it does.
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

  /// Nothing is listened at any more, nor will be.
  func end() {
    let waiting = state.withLockedValue { state in
      state.addresses = []
      state.hasEnded = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.finish() }
  }

  /// What ``begin(_:)`` is told; empty when the end, or the task's cancellation, comes before.
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
  /// An address of the system's; nil for one that is no place of the Internet.
  init?(_ address: SocketAddress) {
    // A link-local address has its zone behind it.
    guard let text = address.ipAddress?.prefix(while: { $0 != "%" }), let ip = IPAddress(String(text)),
      let port = address.port.flatMap({ UInt16(exactly: $0) })
    else { return nil }
    self.init(ip, port: port)
  }
}
