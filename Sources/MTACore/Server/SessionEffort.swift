/// What a session makes us do without giving us mail, and what it last said.
struct SessionEffort: Hashable, Sendable {
  /// Refused recipients of one mail beyond the limit of them that cost nothing: clients that know no limit send more (RFC 5321
  /// §4.5.3.1.10).
  static let recipientsBeyondLimit = 1000

  /// Commands since the last accepted mail, as far as they count.
  private(set) var commands = 0
  /// RCPT since the last MAIL.
  private var recipients = 0
  /// The line that was taken last.
  var line = TakenLine.other(.max)

  /// Counts a command. What belongs to a mail costs its client a mail; all else is free for it, and not for us.
  ///
  /// - Returns: whether it is one too many; never with a limit of 0.
  mutating func take(_ line: [UInt8], limit: Int, maximumRecipients: Int) -> Bool {
    switch CommandParser.uppercased(line.prefix(4)) {
    case "RCPT":
      recipients += 1
      if recipients > maximumRecipients &+ Self.recipientsBeyondLimit { commands += 1 }
    case "DATA", "BDAT", "QUIT": break
    case "MAIL":
      recipients = 0
      commands += 1
    default: commands += 1
    }
    return limit > 0 && commands > limit
  }

  mutating func acceptedMail() { commands = 0 }
}

/// What a line of a client's was, as far as a log may know.
package enum TakenLine: Hashable, Sendable {
  /// A command that is well formed and in its place.
  case command
  /// The same, whose argument is free text: what it begins with.
  case freeText(verb: String)
  /// AUTH, by a mechanism that is on offer.
  case auth(mechanism: String)
  /// Anything else, of so many octets without its line end: it may be a password, said in the wrong place.
  case other(Int)
}

extension ServerSession {
  /// The line that was read last.
  package var lineTaken: TakenLine { effort.line }

  /// What a log may know of a command that is in its place.
  func taken(_ command: Command, _ line: [UInt8]) -> TakenLine {
    switch command {
    case .auth(let mechanism, _):
      configuration.mechanisms.contains { $0.name == mechanism } ? .auth(mechanism: mechanism) : .other(line.count)
    case .noop: .freeText(verb: "NOOP")
    case .help: .freeText(verb: "HELP")
    case .vrfy: .freeText(verb: "VRFY")
    case .expn: .freeText(verb: "EXPN")
    default: .command
    }
  }
}
