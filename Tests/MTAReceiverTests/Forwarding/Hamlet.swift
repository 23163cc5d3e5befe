import MTACore
import MTATestSupport

@testable import MTAReceiver

/// Hooks whose members forward as a table says: `name` → targets. Names that begin with `+` keep a copy.
struct Hamlet {
  var forwards: [String: [String]]
  /// What `rcptTo` says instead of the record.
  var verdicts: [String: RecipientVerdict] = [:]

  /// A dialogue with this hamlet, with rewriting of senders.
  static func dialogue(
    _ forwards: [String: [String]], verdicts: [String: RecipientVerdict] = [:], zone: any DNSLookup = EmptyZone()
  ) -> Dialogue {
    let dialogue = Dialogue(hooks: Hamlet(forwards: forwards, verdicts: verdicts), zone: zone)
    dialogue.configuration.rewriter = SRSRewriter(domain: "srs.example", secrets: [SRSRewriterTests.secret])
    return dialogue
  }

  static func mailboxes(_ names: [String]) -> [Mailbox] {
    names.compactMap { Mailbox($0.contains("@") ? $0 : $0 + "@test.example") }
  }
}

extension Hamlet: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    guard mailbox.domain == Domain("test.example") else { return nil }
    let name = mailbox.caseFolded.localPart
    if let targets = forwards[name] { return ClientRecord(mailboxID: name, forwards: Self.mailboxes(targets)) }
    if let targets = forwards["+" + name] {
      return ClientRecord(mailboxID: name, forwards: Self.mailboxes(targets), keepsCopy: true)
    }
    return ["coco", "mike"].contains(name) ? ClientRecord(mailboxID: name) : nil
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    guard let mailbox = credentials.mailbox, credentials.password == "my-password" else { return nil }
    return try await clientLookup(mailbox)
  }

  mutating func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    verdicts[recipient.caseFolded.localPart] ?? .proceed
  }

  mutating func message(_ conversation: inout Conversation) async throws -> MessageVerdict {
    guard let elsewhere = conversation.header?.first(named: "X-Redirect")?.value else { return .proceed }
    return .redirect(Self.mailboxes([elsewhere]))
  }
}

extension VolatileStore {
  /// Each copy of the latest mail: `mailbox`, `(kind)` unless it is local, `for forwarder`, `from sender` where it has its own.
  var copies: [String] {
    mails.last?.envelope.recipients.map { recipient in
      "\(recipient.mailbox)" + (recipient.delivery == .local ? "" : " (\(recipient.delivery))")
        + (recipient.forwardedFor.map { " for \($0)" } ?? "") + (recipient.reversePath.map { " from \($0)" } ?? "")
    } ?? []
  }
}
