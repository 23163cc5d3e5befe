public import MTACore
import NIOCore

/// One line of a dialogue, as an observer gets it: printable, credentials masked.
public struct DialogueLine: Hashable, Sendable {
  public enum Side: String, Hashable, Sendable {
    case client = "C"
    case server = "S"
  }

  /// The connection, counted from the start of the process.
  public var connection: UInt64
  public var remote: IPAddress
  public var side: Side
  public var text: String

  /// What the server answered, without the challenges of AUTH: with those of SCRAM a password could be searched for.
  static func printable(_ reply: Reply) -> [String] { reply.code == 334 ? ["334 (challenge)"] : reply.wireLines }

  /// What a client sent, fit for a log: one line of printable ASCII; what stands behind AUTH's mechanism is left out,
  /// however the line is spelled.
  static func printable(_ bytes: ByteBuffer) -> String {
    var line = bytes.readableBytesView.prefix(1024)
    while let last = line.last, last == 13 || last == 10 { line.removeLast() }
    if line.prefix(4).elementsEqual("AUTH".utf8, by: { $0 & 0xdf == $1 }) {
      let argument = line.dropFirst(4).drop { $0 == 32 || $0 == 9 }
      let mechanism = argument.prefix { isMechanismText($0) }
      // RFC 4422 §3.1: a mechanism's name has at most 20 characters; a longer word is something else.
      let name = mechanism.count <= 20 ? String(decoding: mechanism, as: UTF8.self) : ""
      let rest = argument.dropFirst(name.utf8.count)
      return ["AUTH", name, rest.isEmpty ? "" : "(credentials)"].filter { !$0.isEmpty }.joined(separator: " ")
    }
    return line.reduce(into: "") { $0.unicodeScalars.append(printable($1)) }
  }

  private static func isMechanismText(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte & 0xdf) || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "_")
  }

  private static func printable(_ byte: UInt8) -> Unicode.Scalar {
    (32...126).contains(byte) ? Unicode.Scalar(byte) : "?"
  }
}

extension ConnectionPump {
  /// The step that `read` takes, and the line that it took, for the observer.
  func readObserved(_ observer: @Sendable (DialogueLine) -> Void) -> ServerSession.Action? {
    let isSecret = session.readsSecret
    var before = inbound
    let action = session.read(&inbound)
    let taken = before.readSlice(length: before.readableBytes - inbound.readableBytes) ?? ByteBuffer()
    if action != nil, taken.readableBytes > 0 {
      observer(dialogueLine(.client, isSecret ? "(credentials)" : DialogueLine.printable(taken)))
    }
    return action
  }

  func dialogueLine(_ side: DialogueLine.Side, _ text: String) -> DialogueLine {
    DialogueLine(connection: number, remote: facts.remoteAddress, side: side, text: text)
  }
}
