import MTACore
import MTAServer

/// The arguments of `send`, which are those of sendmail. Single letters may have their value behind them or as the next word: `-f ann@…`,
/// `-fann@…`. What sendmail has and means nothing here is passed over.
struct SendArguments: Hashable {
  enum Mode: Hashable {
    /// Send a mail from standard input.
    case mail
    /// Speak SMTP on standard input and output.
    case smtp
    /// `newaliases`: there is nothing to do.
    case nothing
  }

  struct Misuse: Error, Hashable {
    let text: String
    init(_ text: String) { self.text = text }
  }

  var mode = Mode.mail
  var readsRecipients = false
  /// A line with a dot alone is a line like others.
  var ignoresDots = false
  /// The text behind `-f`; nil: the calling user's own address.
  var sender: String?
  var fullName: String?
  var notify: RecipientNotification.Notify?
  var returns: DeliveryRequests.Return?
  var envelopeID: String?
  var recipients: [String] = []
  var config: String?
  var set: [String] = []

  /// - Parameter ownOptions: takes `--config` and `--set`, which a program named sendmail does not: whoever can put words into the command
  ///   line of a web page's sendmail must not choose its settings.
  init(_ words: some Sequence<String>, ownOptions: Bool = true) throws(Misuse) {
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      if word == "--" {
        recipients += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        recipients.append(word)
        continue
      }
      if word.hasPrefix("--") {
        guard ownOptions else { throw Misuse("\(Self.shown(word)): there is no such option") }
        try takeOwn(word, &rest)
      } else {
        try take(word, &rest)
      }
    }
  }

  private mutating func takeOwn(_ word: String, _ rest: inout ArraySlice<String>) throws(Misuse) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else { throw Misuse("\(word) needs a value") }
    switch parts[0] {
    case "--config": config = value
    case "--set": set.append(value)
    default: throw Misuse("\(Self.shown(word)): there is no such option; send --help lists them")
    }
  }

  private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(Misuse) {
    // Flags without a value may stand together: -ti.
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      func value() throws(Misuse) -> String {
        let value = String(letters)
        letters = ""
        if !value.isEmpty { return value }
        guard let next = rest.popFirst() else { throw Misuse("-\(letter) needs a value") }
        return next
      }
      switch letter {
      case "t": readsRecipients = true
      case "i": ignoresDots = true
      // An old name of -f, which mailx has.
      case "f", "r": sender = try value()
      case "F": fullName = try value()
      case "N": notify = try Self.notify(try value())
      case "R": returns = try Self.returns(try value())
      case "V": envelopeID = try Self.envelopeID(try value())
      case "b":
        mode = try Self.mode(letters)
        letters = ""
      case "o": try takeOption(String(letters), &rest, &letters)
      // How the body is encoded is seen from the body, and the others are sendmail's own affairs.
      case "B", "h", "X", "O", "C", "L", "p", "A", "D": _ = try value()
      // Verbose, "me too", no aliases, gateway, and the like.
      case "v", "m", "n", "G", "U", "E", "e", "s":
        if letter == "e" { letters = "" }
      case "q", "I", "d", "M", "Q", "x": throw Misuse("-\(letter): is not for this server; see queue and run-queue")
      default: throw Misuse("\(Self.shown("-\(letter)")): there is no such option; send --help lists them")
      }
    }
  }

  /// sendmail's `-o`: a letter, and its value.
  private mutating func takeOption(
    _ text: String, _ rest: inout ArraySlice<String>, _ letters: inout Substring
  ) throws(Misuse) {
    letters = ""
    // With a blank after it.
    guard let option = text.isEmpty ? rest.popFirst() : text else { throw Misuse("-o needs a value") }
    if option.first == "i" { ignoresDots = true }
  }

  private static func mode(_ letters: Substring) throws(Misuse) -> Mode {
    switch letters {
    case "m": .mail
    case "s": .smtp
    case "i": .nothing
    case "p": throw Misuse("-bp: see queue list")
    default: throw Misuse("\(shown("-b\(letters)")): is not for this server")
    }
  }

  private static func notify(_ text: String) throws(Misuse) -> RecipientNotification.Notify {
    guard let notify = RecipientNotification.Notify(text.uppercased()) else {
      throw Misuse("-N needs never, or some of success, failure and delay with commas between them")
    }
    return notify
  }

  private static func returns(_ text: String) throws(Misuse) -> DeliveryRequests.Return {
    switch text.lowercased() {
    case "full": .full
    case "hdrs": .headers
    default: throw Misuse("-R needs full or hdrs")
    }
  }

  private static func envelopeID(_ text: String) throws(Misuse) -> String {
    guard DropFile.isEnvelopeID(text) else { throw Misuse("-V needs 1 to 100 printable characters without blanks") }
    return text
  }

  /// For a terminal.
  static func shown(_ word: String) -> String {
    var text = ""
    text.append(escaping: String(word.prefix(100)))
    return text
  }
}
