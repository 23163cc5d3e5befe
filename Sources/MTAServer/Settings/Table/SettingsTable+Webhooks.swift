import MTACore
import MTADelivery

extension SettingsTable {
  static let webhooks: [Setting] = [
    .eventsTo(
      """
      Where events of mails are posted as JSON: `https://HOST[:PORT]/PATH`, or `http://` to this machine. See \
      [WEBHOOKS.md](WEBHOOKS.md). They wait beside `database`, as `….webhooks`.
      """),
    .optionalPath(
      "eventsSecretFile", \.webhooks.secretFile,
      "The file with the keys that sign them, one a line: `whsec_` and Base64 of 24 to 64 octets."),
    .eventsOf(
      "Which: `delivered`, `deferred`, `bounced`, `expired`, `held`."),
    .flag(
      "eventsInClear", \.webhooks.allowsClear,
      "Post by `http://` to other machines, too: whoever is between can read addresses."),
    .seconds(
      "eventsTimeLimit", \.webhooks.timeLimit,
      "How long the endpoint may take to connect and answer."),
    .seconds(
      "eventsLifetime", \.webhooks.lifetime,
      "How long an event is tried; then it is dropped."),
    .count(
      "eventsMaximumBytes", \.webhooks.maximumBytes, 65_536...Int.max, unit: "bytes",
      "The size of the events that wait, about. Beyond it the oldest are dropped."),
    .count(
      "eventsConnections", \.webhooks.connections, 1...64,
      "Requests at a time. Two events of one mail are never under way together."),
  ]
}

extension Setting {
  fileprivate static func eventsTo(_ meaning: String) -> Setting {
    Setting("eventsTo", .text, type: "URL or `none`", initial: "none", meaning) { reader, settings in
      let forms = "https://HOST[:PORT]/PATH, http://HOST[:PORT]/PATH or none"
      let target = reader.take("eventsTo", forms) { raw -> WebhookTarget?? in
        guard let text = String(raw) else { return nil }
        return text == "none" ? .some(nil) : WebhookTarget(text).map { .some($0) }
      }
      if let target { settings.webhooks.target = target }
    }.shown { .text($0.webhooks.target.map { "\($0)" } ?? "none") }
  }

  fileprivate static func eventsOf(_ meaning: String) -> Setting {
    Setting(
      "eventsOf", .list(numbers: false), type: "list of words",
      initial: shown(\.webhooks.kinds) { code("\($0.map(\.rawValue))") }, meaning
    ) {
      $0.list("eventsOf", "delivered, deferred, bounced, expired, held", into: &$1.webhooks.kinds) {
        String($0).flatMap { Settings.Webhooks.Kind(rawValue: $0) }
      }
    }.shown { .list($0.webhooks.kinds.map { .text($0.rawValue) }) }
  }
}
