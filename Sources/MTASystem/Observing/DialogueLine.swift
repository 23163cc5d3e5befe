package import MTACore

/// One line of a dialogue, with a client or with a next hop, as an observer gets it: printable. Credentials and content are left out.
public struct DialogueLine: Hashable, Sendable {
  /// Which end of the connection this server is.
  public enum Direction: String, Hashable, Sendable {
    /// A client came to us: we are the server.
    case inbound
    /// We went to a next hop: we are the client.
    case outbound
  }

  /// Who said the line.
  public enum Side: String, Hashable, Sendable {
    case client = "C"
    case server = "S"
  }

  public let direction: Direction
  public let side: Side
  /// Of inbound connections their number, counted from the start of the process; nil of outbound ones.
  public let connection: UInt64?
  /// The client's address, or name and address of the next hop, as in the log.
  public let peer: String
  public let text: String
  /// The address in ``peer``; nil of a Unix socket.
  package let address: IPAddress?
  /// Of an inbound connection the `session` of log lines; of an outbound one an id that differs as these do. Nil of lines that no
  /// connection says.
  package let session: SessionID?

  package init(
    _ direction: Direction, _ side: Side, connection: UInt64? = nil, peer: String, address: IPAddress? = nil,
    session: SessionID? = nil, _ text: String
  ) {
    self.direction = direction
    self.side = side
    self.connection = connection
    self.peer = peer
    self.address = address
    self.session = session
    self.text = text
  }

  /// The same, with at most so many octets of text, and three dots where some are missing.
  func cut(to octets: Int) -> DialogueLine {
    DialogueLine(
      direction, side, connection: connection, peer: peer, address: address, session: session,
      String(decoding: text.utf8.prefix(octets), as: UTF8.self) + "...")
  }
}
