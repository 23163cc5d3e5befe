import MTACore
import MTADelivery
import MTAStore
import MTASystem

/// Makes events for the endpoint: the JSON of `Docs/WEBHOOKS.md`, in ASCII.
struct WebhookBody: Sendable {
  let kinds: Set<Settings.Webhooks.Kind>

  /// - Returns: nil for an event that is not told.
  func event(of outcome: DeliveryEvent.Outcome) -> WebhookEvent? {
    let kind = Self.kind(of: outcome)
    guard kinds.contains(kind) else { return nil }
    return WebhookEvent(
      id: Self.freshID(), mail: outcome.mail.description, at: outcome.at, body: Self.body(outcome, kind))
  }

  static func kind(of outcome: DeliveryEvent.Outcome) -> Settings.Webhooks.Kind {
    switch outcome.outcome {
    case .delivered: .delivered
    case .deferred: .deferred
    case .failed: outcome.isExpired ? .expired : .bounced
    case .held: .held
    }
  }

  /// 96 bits that no other event has.
  private static func freshID() -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef".utf8)
    let text = (0..<24).map { _ in digits[Int(generator.next(upperBound: UInt(16)))] }
    return "evt_" + String(decoding: text, as: UTF8.self)
  }

  private static func body(_ event: DeliveryEvent.Outcome, _ kind: Settings.Webhooks.Kind) -> [UInt8] {
    var json = JSONFields()
    json.add("type", "mail.\(kind.rawValue)")
    json.add("timestamp", event.at.description)
    json.begin("data")
    json.add("id", event.mail.description)
    json.add("copy", event.parcel.description)
    json.add("session", event.session?.description)
    json.add("sender", event.sender.mailbox?.description ?? "")
    json.add("recipient", event.recipient.description)
    json.add("domain", event.recipient.domain.description)
    json.add("outcome", kind.rawValue)
    json.add("status", "\(digit(of: event.outcome)).\(event.status.subject).\(event.status.detail)")
    let why = event.outcome == .delivered || event.outcome == .held ? nil : BounceClass(event)
    json.add("class", why?.rawValue)
    json.add("bounce", why.flatMap { bounce(kind, $0) })
    json.add("destination", event.destination)
    json.add("host", event.host)
    json.add("tls", event.tls?.description)
    json.add("reply", event.reply)
    json.add("message", event.message)
    json.add("attempts", number: Int64(event.attempts))
    json.add("age", milliseconds: event.age.wholeMilliseconds)
    json.add("duration", milliseconds: event.duration.wholeMilliseconds)
    json.add("next", event.nextTry?.description)
    json.end()
    return json.end()
  }

  private static func digit(of outcome: DeliveryOutcome) -> Int {
    switch outcome {
    case .delivered: 2
    case .deferred, .held: 4
    case .failed: 5
    }
  }

  /// As senders of bulk mail use the words: after a hard bounce they stop writing to the address.
  private static func bounce(_ kind: Settings.Webhooks.Kind, _ why: BounceClass) -> String? {
    switch kind {
    case .delivered, .deferred, .held: nil
    case .expired: "soft"
    case .bounced: why.isOfAddress ? "hard" : "soft"
    }
  }
}

/// Writes a JSON object, member by member.
struct JSONFields {
  private var bytes: [UInt8] = [UInt8(ascii: "{")]
  private var isFirst = true

  private mutating func name(_ name: String) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    LogForm.appendString(name.utf8, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
  }

  mutating func add(_ key: String, _ value: String?) {
    name(key)
    if let value { LogForm.appendString(value.utf8, to: &bytes) } else { bytes += "null".utf8 }
  }

  mutating func add(_ key: String, number: Int64) {
    name(key)
    bytes += "\(number)".utf8
  }

  /// In seconds.
  mutating func add(_ key: String, milliseconds: Int64) {
    name(key)
    let time = max(0, milliseconds)
    let rest = "\(time % 1000)"
    bytes += "\(time / 1000).\(String(repeating: "0", count: 3 - rest.utf8.count))\(rest)".utf8
  }

  mutating func begin(_ key: String) {
    name(key)
    bytes.append(UInt8(ascii: "{"))
    isFirst = true
  }

  @discardableResult
  mutating func end() -> [UInt8] {
    bytes.append(UInt8(ascii: "}"))
    isFirst = false
    return bytes
  }
}
