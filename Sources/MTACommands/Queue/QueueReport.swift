import MTACore

/// A copy of the queue as JSON. The keys are a contract: see `Docs/COMMANDS.md`.
struct QueueReport: Encodable {
  let entry: QueueEntry
  let now: Timestamp

  /// Seconds since the mail was accepted; 0 if the store does not know.
  var age: Int64 { entry.createdAt.map { max(0, ($0 <= now ? now - $0 : .zero).components.seconds) } ?? 0 }

  enum CodingKeys: String, CodingKey {
    case id, sender, recipient, domain, state, attempts, next, age, size, message
    // Of `queue show` alone.
    case host, tls, policy, order, expires
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try encode(to: &fields)
  }

  func encode(to fields: inout KeyedEncodingContainer<CodingKeys>) throws {
    try fields.encode(entry.mail, forKey: .id)
    try fields.encode(entry.sender, forKey: .sender)
    try fields.encode(entry.recipient, forKey: .recipient)
    try fields.encode(entry.domain, forKey: .domain)
    try fields.encode(entry.standing, forKey: .state)
    try fields.encode(entry.attempts, forKey: .attempts)
    try fields.encode(nullable: entry.nextTry?.description, forKey: .next)
    try fields.encode(age, forKey: .age)
    try fields.encode(entry.size ?? 0, forKey: .size)
    try fields.encode(nullable: entry.message, forKey: .message)
  }
}

extension KeyedEncodingContainer {
  /// A missing value is `null`, not a missing key.
  mutating func encode(nullable value: (some Encodable)?, forKey key: Key) throws {
    if let value { try encode(value, forKey: key) } else { try encodeNil(forKey: key) }
  }
}
