import MTACore
import NIOConcurrencyHelpers

/// The hooks of the golden dialogues: those of ``Village``, and a say at each stage where a name asks for it. What the names
/// mean stands in the dialogues of R11.
struct Town {
  private var village = Village()
  private let log: Log

  init(_ log: Log) { self.log = log }

  /// Which hooks were called, a line for each connection: the server's, not a connection's.
  final class Log: Sendable {
    private let box = NIOLockedValueBox<[[String]]>([])

    func note(_ hook: String) {
      box.withLockedValue { lines in
        if hook == "connect" { lines.append([]) }
        if !lines.isEmpty { lines[lines.count - 1].append(hook) }
      }
    }

    var lines: [String] { box.withLockedValue { $0.map { $0.joined(separator: " ") } } }
  }

  struct Trouble: Error {}

  /// What a word asks for.
  private func verdict(_ word: String, at stage: String) throws -> StageVerdict {
    switch word {
    case "refuse": return .refuse("\(stage) says no")
    case "defer": return .defer("\(stage) says later")
    case "throw": throw Trouble()
    default: return .proceed
    }
  }

  /// Aliases, and members who forward their mail.
  private static let forwards: [Mailbox: ClientRecord] = {
    func record(_ member: String?, _ targets: [String], keepsCopy: Bool = false) -> ClientRecord {
      ClientRecord(mailboxID: member, forwards: targets.compactMap { Mailbox($0) }, keepsCopy: keepsCopy)
    }
    let records = [
      "team": record(nil, ["coco@test.example", "Mike@test.example", "away@test.example"]),
      "away": record("away", ["away@elsewhere.example"]),
      "both": record("both", ["both@elsewhere.example"], keepsCopy: true),
      "ping": record("ping", ["pong@test.example"]), "pong": record("pong", ["ping@test.example"]),
      "bomb": record(nil, (0...100).map { "b\($0)@elsewhere.example" }), "gone": record(nil, ["nobody@test.example"]),
    ]
    return Dictionary(
      uniqueKeysWithValues: records.compactMap { name, record in
        Mailbox(name + "@test.example").map { ($0, record) }
      })
  }()

  private func isAsked(_ conversation: Conversation) -> Bool { conversation.clientName == Domain("town.example") }
}

extension Town: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    if let client = try await village.clientLookup(mailbox) { return client }
    if let forwards = Self.forwards[mailbox.caseFolded], mailbox.domain == Domain("test.example") { return forwards }
    let isHere = ["refuse", "defer", "throw", "redirect"].contains(mailbox.localPart)
    return isHere && mailbox.domain == Domain("test.example") ? ClientRecord(mailboxID: mailbox.localPart) : nil
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    log.note("auth")
    if credentials.username == "trouble@test.example" { throw Trouble() }
    return try await village.auth(credentials, &conversation)
  }

  mutating func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict {
    log.note("connect")
    switch conversation.connection.remoteAddress.description {
    case "192.0.2.66": return .refuse(Refusal("connect says no"))
    case "192.0.2.67": return .defer(Refusal("connect says later"))
    case "192.0.2.68": return .drop
    default: return .proceed
    }
  }

  mutating func ehlo(_ domain: Domain?, _ conversation: inout Conversation) async throws -> StageVerdict {
    log.note("ehlo")
    return try verdict(domain?.description.split(separator: ".").first.map(String.init) ?? "", at: "ehlo")
  }

  mutating func startTLS(_ conversation: inout Conversation) async throws -> StageVerdict {
    log.note("startTLS")
    return .proceed
  }

  mutating func mailFrom(_ sender: ReversePath, _ conversation: inout Conversation) async throws -> StageVerdict {
    log.note("mailFrom")
    conversation.attributes["test.example/sender"] = sender.mailbox.map { .text($0.localPart) }
    conversation.attributes["test.example/passing"] = .text("by")
    if sender.mailbox?.localPart == "close" {
      return .refuse(Refusal("mailFrom says no, and goodbye", thenClose: true))
    }
    // "shady" is taken, and counted; "shady.throw" is neither.
    let words = sender.mailbox?.localPart.split(separator: ".").map(String.init) ?? []
    if words.first == "shady" { conversation.countViolation() }
    return try verdict(words.last ?? "", at: "mailFrom")
  }

  mutating func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    log.note("rcptTo")
    let key = AttributeKey<String>("test.example/recipients")
    conversation.attributes[key] = (conversation.attributes[key].map { $0 + " " } ?? "") + recipient.localPart
    if conversation.reversePath?.mailbox?.localPart == "wary" { conversation.countViolation() }
    if recipient.localPart == "redirect" { return .redirect(["mike@test.example"]) }
    return switch try verdict(recipient.localPart, at: "rcptTo") {
    case .proceed: .proceed
    case .refuse(let refusal): .refuse(refusal)
    case .defer(let refusal): .defer(refusal)
    }
  }

  mutating func data(_ conversation: inout Conversation) async throws -> StageVerdict {
    log.note("data")
    conversation.attributes["test.example/passing"] = nil
    return conversation.reversePath?.mailbox?.localPart == "data" ? .refuse("data says no") : .proceed
  }

  mutating func endOfHeaders(_ conversation: inout Conversation) async throws -> StageVerdict {
    log.note("endOfHeaders")
    return try verdict(wish("X-Header", conversation), at: "endOfHeaders")
  }

  mutating func message(_ conversation: inout Conversation) async throws -> MessageVerdict {
    log.note("message")
    let wish = wish("X-Message", conversation)
    if wish == "discard" { return .discard }
    return switch try verdict(wish, at: "message") {
    case .proceed: .proceed
    case .refuse(let refusal): .refuse(refusal)
    case .defer(let refusal): .defer(refusal)
    }
  }

  private func wish(_ field: String, _ conversation: Conversation) -> String {
    conversation.header?.fields.first { $0.isNamed(field) }?.value.split(separator: " ").last.map { String($0) } ?? ""
  }

  mutating func rset(_ conversation: inout Conversation) async throws -> CommandVerdict {
    log.note("rset")
    return isAsked(conversation) ? .answer(["all is forgotten"]) : .proceed
  }

  mutating func noop(_ conversation: inout Conversation) async throws -> CommandVerdict {
    log.note("noop")
    return isAsked(conversation) ? .answer(["nothing was done"]) : .proceed
  }

  mutating func vrfy(_ text: String, _ conversation: inout Conversation) async throws -> CommandVerdict {
    log.note("vrfy")
    return isAsked(conversation) ? .answer(["Coco <coco@test.example>"]) : .proceed
  }

  mutating func expn(_ text: String, _ conversation: inout Conversation) async throws -> CommandVerdict {
    log.note("expn")
    return isAsked(conversation) ? .answer(["Coco <coco@test.example>", "Mike <mike@test.example>"]) : .proceed
  }

  mutating func help(_ text: String?, _ conversation: inout Conversation) async throws -> CommandVerdict {
    log.note("help")
    return text == "log" ? .answer(log.lines) : .proceed
  }

  mutating func unknown(_ verb: String, _ conversation: inout Conversation) async throws -> CommandVerdict {
    log.note("unknown")
    return isAsked(conversation) && verb == "XYZZY" ? .answer(["nothing happens"]) : .proceed
  }

  mutating func quit(_ conversation: inout Conversation) async throws { log.note("quit") }
  mutating func timeout(_ conversation: inout Conversation) async throws { log.note("timeout") }
  mutating func disconnect(_ conversation: Conversation) async { log.note("disconnect") }
}
