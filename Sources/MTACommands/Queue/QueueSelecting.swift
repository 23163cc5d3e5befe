import ArgumentParser
import MTACore
import MTASystem

/// Which copies a command of the queue means: the ids and options that all of them share.
struct QueueSelecting: ParsableArguments {
  @Argument(help: "Ids of mails. Without ids and options nothing is left out.") var ids: [MailArgument] = []
  @Option(
    help:
      "An address; * stands for any characters. <> is the null sender. Each of these options may be given several times."
  )
  var sender: [String] = []
  @Option(help: "An address of a recipient, likewise.") var recipient: [String] = []
  @Option(help: "A domain of recipients, likewise.") var domain: [String] = []
  @Option(help: "The lane of a copy, or the host of its last attempt, likewise.") var nextHop: [String] = []
  @Option(help: "waiting, deferred (waiting after an attempt), working or held.")
  var state: [StandingArgument] = []
  @Flag(help: "The same as --state held.") var held = false
  @Option(help: "Accepted longer ago than this: 90s, 15m, 4h, 2d, 1w.") var olderThan: TimeSpan?
  @Option(help: "Accepted within this time.") var youngerThan: TimeSpan?
  @Option(help: "The mail has more bytes than this: 500, 10k, 2M.") var largerThan: ByteCount?
  @Option(help: "The mail has fewer bytes than this.") var smallerThan: ByteCount?
  @Option(help: ArgumentHelp("An attribute of the mail has this value.", valueName: "name=value"))
  var attribute: [String] = []

  func validate() throws {
    for text in attribute where !text.contains("=") { throw ValidationError("--attribute \(text): write NAME=VALUE") }
  }

  var selection: QueueSelection {
    var selection = QueueSelection()
    selection.mails = ids.map(\.id)
    selection.senders = sender
    selection.recipients = recipient
    selection.domains = domain
    selection.nextHops = nextHop
    selection.standings = Set(state.map(\.standing))
    if held { selection.standings.insert(.held) }
    let now = SystemClock().now
    selection.createdBefore = olderThan.map { now - $0.duration }
    selection.createdFrom = youngerThan.map { now - $0.duration }
    selection.largerThan = largerThan?.bytes
    selection.smallerThan = smallerThan?.bytes
    for text in attribute {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      selection.attributes[String(parts[0])] = String(parts[1])
    }
    return selection
  }

  /// Whether the ids alone say what is meant.
  var isByIDs: Bool { !ids.isEmpty && selection == QueueSelection(mails: ids.map(\.id)) }
}

extension QueueSelection {
  fileprivate init(mails: [MailID]) {
    self.init()
    self.mails = mails
  }
}

/// `--state`.
struct StandingArgument: ExpressibleByArgument {
  let standing: QueueSelection.Standing

  init?(argument: String) {
    guard let standing = QueueSelection.Standing(rawValue: argument) else { return nil }
    self.standing = standing
  }

  static var allValueStrings: [String] { QueueSelection.Standing.allCases.map(\.rawValue) }
}

/// A mail that a command is about.
struct MailArgument: ExpressibleByArgument {
  let id: MailID

  init?(argument: String) {
    guard let id = MailID(argument) else { return nil }
    self.id = id
  }
}
