import MTAReceiver
import MTASystem

/// The one connection that a process is for. The acceptor gives it with a name that says what is known of it.
struct SessionSeat: Hashable, Sendable {
  let descriptor: Int32
  /// The listener's place in the settings.
  let listener: Int
  let number: UInt64
  /// The desk has let the client in.
  let isEntered: Bool

  /// This process's. Nil in one that is for more than a connection.
  static let own = LaunchOrder.own.flatMap { SessionSeat($0.descriptors) }

  init?(_ descriptors: [String: Int32]) {
    for (name, descriptor) in descriptors {
      let words = name.split(separator: ":")
      guard words.count == 4, words[0] == "connection", let listener = Int(words[1]), let number = UInt64(words[2])
      else { continue }
      (self.descriptor, self.listener, self.number) = (descriptor, listener, number)
      isEntered = words[3] == "entered"
      return
    }
    return nil
  }

  static func name(of arrival: Arrival) -> String {
    "connection:\(arrival.listener):\(arrival.number):\(arrival.isEntered ? "entered" : "new")"
  }
}
