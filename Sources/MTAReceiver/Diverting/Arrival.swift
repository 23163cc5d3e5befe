import MTACore
package import MTASystem

/// What is known of a connection before its session begins, because somebody else asked.
struct Admission: Sendable {
  /// The desk's answer; nil: the session asks.
  var entry: DeskEntry?
  /// The connection's number; nil: the receiver counts.
  var number: UInt64?
}

/// A connection that may be served, by a process of its own.
package struct Arrival: Sendable {
  package let socket: OwnedDescriptor
  /// The listener's place in the configuration.
  package let listener: Int
  package let number: UInt64
  /// The desk has let the client in. False at a port for proxies, where nobody knows the client yet.
  package let isEntered: Bool
  /// To be called once, when the connection has gone: gives its place back.
  package let leave: @Sendable () -> Void
}
