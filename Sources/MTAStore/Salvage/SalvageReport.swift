extension MailStore {
  /// The result of a salvage.
  public struct SalvageReport: Hashable, Sendable, CustomStringConvertible {
    /// Where the damaged file is now, with its log next to it.
    public internal(set) var damaged: String
    /// Unfinished mails that are whole: they are delivered.
    public internal(set) var mails = 0
    /// Unfinished mails whose content or envelope cannot be read: they are held.
    public internal(set) var held = 0
    /// Finished mails, kept as history.
    public internal(set) var finished = 0
    /// Recipients' copies whose state could not be read. They count as waiting; some may have been delivered before.
    public internal(set) var rebuilt = 0
    /// Contact records.
    public internal(set) var contacts = 0
    /// Waiting copies whose mail cannot be read at all: `MAIL-ID to MAILBOX`, the first thousand.
    public internal(set) var lost: [String] = []
    /// The number of such copies.
    public internal(set) var lostCount = 0

    init(damaged: String) { self.damaged = damaged }

    /// Some lines for an operator.
    public var description: String {
      var lines = [
        "\(mails) unfinished mails saved, \(rebuilt) of their copies without the state they were in",
        "\(held) held, for their content or envelope cannot be read",
        "\(finished) finished mails and \(contacts) contacts saved",
        "\(lostCount) copies lost", "the damaged database is \(damaged)",
      ]
      lines.insert(contentsOf: lost.map { "  " + $0 }, at: 4)
      return lines.joined(separator: "\n")
    }

    /// The same in one line, for a log.
    var line: String {
      "\(mails) unfinished mails saved (\(rebuilt) copies in an unknown state), \(held) held, \(finished) finished, \(lostCount) copies lost"
    }
  }
}
