import MTACore
import MTASystem

/// The fields of a record, read once. Texts may be anything that a stranger said.
struct EventFields {
  let all: [(key: String, value: String)]

  /// More than any record of ours has.
  private static let most = 2000

  init(_ bytes: [UInt8]) {
    var all: [(String, String)] = []
    for field in LogFieldReader(bytes[...]) {
      guard all.count < Self.most else { break }
      all.append((String(decoding: field.key, as: UTF8.self), String(decoding: field.value, as: UTF8.self)))
    }
    self.all = all
  }

  /// The first of this name.
  subscript(_ key: String) -> String? { all.first { $0.key == key }?.value }

  func values(_ key: String) -> [String] { all.filter { $0.key == key }.map(\.value) }

  func number(_ key: String) -> Int? { self[key].flatMap { Int($0) } }

  func time(_ key: String) -> Timestamp? {
    guard let number = self[key].flatMap({ Int64($0) }), (0...Timestamp.last.milliseconds).contains(number) else {
      return nil
    }
    return Timestamp(milliseconds: number)
  }

  var session: MailStory.Session {
    var session = MailStory.Session()
    session.id = self["session"]
    session.client = self["client"]
    session.began = time("begin")
    session.port = number("port")
    session.service = self["role"]
    session.isLMTP = self["protocol"] == "lmtp"
    session.isTrusted = self["trusted"] != nil
    session.helo = self["helo"]
    session.tls = self["tls"]
    session.login = self["sasl_username"]
    session.mechanism = self["sasl_method"]
    return session
  }

  var checks: [MailStory.Check] {
    let begin = time("begin")
    var checks: [MailStory.Check] = []
    // Those of one field.
    var latest = 0..<0
    for (key, value) in all {
      switch key {
      case "check":
        let found = Self.checks(value, begin)
        guard !found.isEmpty, checks.count + found.count <= Self.most else { continue }
        latest = checks.count..<checks.count + found.count
        checks += found
      case "about": for place in latest { checks[place].address = value }
      case "words": for place in latest { checks[place].reply = value }
      default: break
      }
    }
    return checks
  }

  /// Rules that let pass stand in one field, their names with a sign between them.
  private static func checks(_ text: String, _ begin: Timestamp?) -> [MailStory.Check] {
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 6 else { return [] }
    let at = Int64(words[5]).flatMap { offset in begin.map { min($0 + .milliseconds(max(0, offset)), .last) } }
    let names =
      words[1] == "rule"
      ? words[2].utf8.split(separator: RuleNames.separator).map { String(decoding: $0, as: UTF8.self) } : [words[2]]
    return names.map {
      MailStory.Check(
        stage: words[0], kind: words[1], name: $0, verdict: words[3], microseconds: Int64(words[4]), at: at)
    }
  }

  var authentication: [AuthenticationResult] {
    values("auth").compactMap { text in
      let inner = EventFields(Array(text.utf8))
      guard let method = inner["method"], let result = inner["result"] else { return nil }
      var found = AuthenticationResult(method: method, result: result, reason: inner["reason"])
      for text in inner.values("prop") {
        let (name, value) = Self.split(text, "=")
        let (type, rest) = Self.split(name, ".")
        found.properties.append(.init(type, rest, value))
      }
      return found
    }
  }

  var attempt: (recipient: String, attempt: MailStory.Attempt)? {
    guard let recipient = self["to"], let outcome = self["outcome"] else { return nil }
    var attempt = MailStory.Attempt(
      at: Timestamp(milliseconds: 0), number: number("attempt") ?? 0, outcome: outcome,
      destination: self["destination"] ?? "", reason: self["reason"] ?? "")
    attempt.way = self["way"]
    attempt.host = self["host"]
    attempt.tls = self["tls"]
    attempt.policy = self["policy"]
    attempt.reply = self["reply"]
    attempt.duration = self["duration"]
    attempt.waited = self["waited"]
    attempt.connecting = self["connecting"]
    attempt.next = time("next")
    attempt.isByHook = self["hook"] != nil
    attempt.dialogue = values("said")
    return (recipient, attempt)
  }

  private static func split(_ text: String, _ separator: Character) -> (String, String) {
    guard let place = text.firstIndex(of: separator) else { return (text, "") }
    return (String(text[..<place]), String(text[text.index(after: place)...]))
  }
}
