package import MTACore
import MTASystem

/// What was checked of a session and of the mail in it, by rules, hooks and the DNS, and what came of it: as fields of a log line, for the
/// events of the mail.
///
/// ```
/// check=MAIL,rule,MemberPortRule+SenderDomainRule,pass,,12 check=RCPT,hook,rcptTo,pass,35,14 about=ann@village.example
/// check=RCPT,rule,NoRelayingRule,refuse,,15 about=x@far.example words="550 5.7.1 relaying denied"
/// auth="method=dkim result=pass prop=header.d=example.net" message_id=<1@example.net>
/// ```
///
/// A check has the stage, what checked, its name (of rules that let pass, all in one), its verdict, how many microseconds it took, and when that was in milliseconds since the
/// session began. Behind it stand the address that it was about, and words. It is bounded: of a long session the first checks are kept, and those that let nothing pass.
package struct CheckTrace: Hashable, Sendable {
  /// Of the session: what came before the first mail, and between mails.
  private var session = LogFields()
  /// Of the mail in progress.
  private var mail = LogFields()
  /// Checks that let pass and had no room.
  private var omitted = 0
  /// What was said since the last mail, where dialogues are kept.
  private var dialogue = LogFields()
  private var lastPart = CommandPart.session
  /// When the session began.
  private let begin: Timestamp

  /// Octets of checks that let pass, for the session and for a mail.
  private static let room = 4096
  /// Octets of all checks.
  private static let maximum = 8192

  init(at begin: Timestamp) { self.begin = begin }

  /// All of it, for the record of a mail or of a refusal.
  package func append(to fields: inout LogFields) {
    fields.append("begin", number: begin.milliseconds)
    fields.append(session)
    fields.append(mail)
    fields.append(dialogue)
    if omitted > 0 { fields.append("omitted", number: omitted) }
  }

  /// - Parameters:
  ///   - isRoutine: it let pass, as most do.
  ///   - address: what it was about.
  ///   - words: of the answer, or of the hook.
  mutating func note(
    _ stage: Stage, _ kind: Kind, _ name: String, _ verdict: String, isRoutine: Bool, took time: Duration? = nil,
    at offset: Duration, about address: Mailbox? = nil, _ words: String? = nil
  ) {
    if stage.part == .begin, lastPart != .begin { forgetChecks() }
    lastPart = stage.part
    let isOfMail = stage.part != .session
    let used = isOfMail ? mail.bytes.count : session.bytes.count
    guard used < (isRoutine ? Self.room : Self.maximum) else {
      omitted += 1
      return
    }
    func write(_ fields: inout LogFields) {
      fields.write("check") { bytes in
        func append(_ word: String) {
          bytes.append(contentsOf: word.utf8)
          bytes.append(UInt8(ascii: ","))
        }
        append(stage.word)
        append(kind.rawValue)
        append(name)
        append(verdict)
        if let time { LogFields.append(number: Self.microseconds(time), to: &bytes) }
        bytes.append(UInt8(ascii: ","))
        LogFields.append(number: offset.wholeMilliseconds, to: &bytes)
      }
      if let address { fields.append("about", address) }
      if let words { fields.append("words", words, limit: 500) }
    }
    if isOfMail {
      mail.makeRoom()
      write(&mail)
    } else {
      session.makeRoom()
      write(&session)
    }
  }

  /// What inspection found of the mail.
  mutating func note(_ results: [AuthenticationResult]) {
    for result in results where mail.bytes.count < Self.maximum {
      var inner = LogFields()
      inner.append("method", result.method, limit: 64)
      inner.append("result", result.result, limit: 64)
      if let reason = result.reason { inner.append("reason", reason, limit: 255) }
      for property in result.properties.prefix(16) {
        inner.append("prop", "\(property.type).\(property.name)=\(property.value)", limit: 255)
      }
      mail.append("auth", octets: inner.bytes)
    }
  }

  mutating func note(messageID: HeaderSection.Field?) {
    guard let messageID, mail.bytes.count < Self.maximum else { return }
    mail.write("message_id", limit: 998) { $0.append(contentsOf: messageID.unfoldedValue) }
  }

  /// - Parameter line: printable, without credentials and content.
  mutating func note(_ side: DialogueLine.Side, _ line: String) {
    guard dialogue.bytes.count < Self.maximum else { return }
    dialogue.write("said", limit: 500) { bytes in
      bytes.append(contentsOf: side.rawValue.utf8)
      bytes.append(contentsOf: ": ".utf8)
      bytes.append(contentsOf: line.utf8)
    }
  }

  /// What is noted next belongs to another mail.
  mutating func forgetMail() {
    forgetChecks()
    dialogue.removeAll()
  }

  private mutating func forgetChecks() {
    mail.removeAll()
    omitted = 0
  }

  /// Where in the session it was.
  struct Stage {
    /// A verb, or a word of ours.
    let word: String
    let part: CommandPart

    static let connect = Stage(word: "connect", part: .session)
    static let content = Stage(word: "content", part: .mail)
  }

  enum Kind: String {
    case rule, hook, dns, inspection, lookup
  }

  private static func microseconds(_ duration: Duration) -> Int64 {
    let (seconds, rest) = duration.components
    let (scaled, isLarger) = seconds.multipliedReportingOverflow(by: 1_000_000)
    return isLarger ? .max : scaled + rest / 1_000_000_000_000
  }
}
