/// One line of a dialogue with a server, as an observer gets it: printable, credentials and content left out.
public struct DeliveryDialogueLine: Hashable, Sendable {
  public enum Side: String, Hashable, Sendable {
    case client = "C"
    case server = "S"
  }

  /// Name and address of the server, as in the log.
  public var host: String
  public var side: Side
  public var text: String

  public init(host: String, side: Side, text: String) {
    self.host = host
    self.side = side
    self.text = text
  }
}
