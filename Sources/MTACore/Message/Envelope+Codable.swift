// The form in which envelopes rest in the store and cross between processes. Keys are short and stable: a mail
// accepted today must be readable by next year's program, so fields are added as optional and never renamed.

extension Mailbox: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let mailbox = Mailbox(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a mailbox")
    }
    self = mailbox
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension AttributeValue: Codable {
  private struct Bytes: Codable {
    var bytes: [UInt8]
    enum CodingKeys: String, CodingKey { case bytes = "$bytes" }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let integer = try? container.decode(Int64.self) {
      self = .integer(integer)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let bytes = try? container.decode(Bytes.self) {
      self = .bytes(bytes.bytes)
    } else if let list = try? container.decode([AttributeValue].self) {
      self = .list(list)
    } else {
      self = .map(try container.decode([String: AttributeValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .integer(let number): try container.encode(number)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .bytes(let bytes): try container.encode(Bytes(bytes: bytes))
    case .list(let list): try container.encode(list)
    case .map(let map): try container.encode(map)
    }
  }
}

extension ClientRecord: Codable {
  enum CodingKeys: String, CodingKey {
    case mailboxID, ownerID, delivery, forwards
    case keepsCopy = "keeps"
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      mailboxID: try fields.decodeIfPresent(String.self, forKey: .mailboxID),
      ownerID: try fields.decodeIfPresent(String.self, forKey: .ownerID),
      delivery: try fields.decode(DeliveryKind.self, forKey: .delivery),
      forwards: try fields.decodeIfPresent([Mailbox].self, forKey: .forwards) ?? [],
      keepsCopy: try fields.decodeIfPresent(Bool.self, forKey: .keepsCopy) ?? false)
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encodeIfPresent(mailboxID, forKey: .mailboxID)
    try fields.encodeIfPresent(ownerID, forKey: .ownerID)
    try fields.encode(delivery, forKey: .delivery)
    if !forwards.isEmpty { try fields.encode(forwards, forKey: .forwards) }
    if keepsCopy { try fields.encode(keepsCopy, forKey: .keepsCopy) }
  }
}

extension EnvelopeRecipient: Codable {
  enum CodingKeys: String, CodingKey {
    case mailbox = "to"
    case client
    case notification = "dsn"
    case forwardedFor = "for"
    case reversePath = "from"
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try fields.decode(Mailbox.self, forKey: .mailbox),
      client: try fields.decodeIfPresent(ClientRecord.self, forKey: .client),
      notification: try fields.decodeIfPresent(RecipientNotification.self, forKey: .notification) ?? .init(),
      forwardedFor: try fields.decodeIfPresent(Mailbox.self, forKey: .forwardedFor))
    if let text = try fields.decodeIfPresent(String.self, forKey: .reversePath) {
      guard let path = ReversePath(text) else {
        throw DecodingError.dataCorruptedError(forKey: .reversePath, in: fields, debugDescription: "not a reverse path")
      }
      reversePath = path
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(mailbox, forKey: .mailbox)
    try fields.encodeIfPresent(client, forKey: .client)
    if !notification.isEmpty { try fields.encode(notification, forKey: .notification) }
    try fields.encodeIfPresent(forwardedFor, forKey: .forwardedFor)
    try fields.encodeIfPresent(reversePath?.description, forKey: .reversePath)
  }
}

extension Envelope: Codable {
  enum CodingKeys: String, CodingKey {
    case id, from, recipients, body
    case senderClient = "sender"
    case senderArrivals = "reports"
    case smtpUTF8 = "utf8"
    case authenticatedAs = "auth"
    case isSubmission = "submission"
    case signers = "sign"
    case client, at, attributes, requests, hold
    case hasForgedResults = "forged"
    case hasMailboxLine = "mbox"
    case hasPrivateFields = "private"
    case hasReturnPath = "path"
    case reportedAt = "reported"
    case session
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    func parsed<Value: LosslessStringConvertible>(_ key: CodingKeys) throws -> Value {
      guard let value = Value(try fields.decode(String.self, forKey: key)) else {
        throw DecodingError.dataCorruptedError(forKey: key, in: fields, debugDescription: "not a \(Value.self)")
      }
      return value
    }
    self.init(
      id: try parsed(.id), reversePath: try parsed(.from),
      senderClient: try fields.decodeIfPresent(ClientRecord.self, forKey: .senderClient),
      senderArrivals: try fields.decodeIfPresent([EnvelopeRecipient].self, forKey: .senderArrivals) ?? [],
      recipients: try fields.decode([EnvelopeRecipient].self, forKey: .recipients),
      body: try fields.decodeIfPresent(BodyType.self, forKey: .body) ?? .sevenBit,
      smtpUTF8: try fields.decodeIfPresent(Bool.self, forKey: .smtpUTF8) ?? false,
      requests: try fields.decodeIfPresent(DeliveryRequests.self, forKey: .requests) ?? DeliveryRequests(),
      authenticatedAs: try fields.decodeIfPresent(Mailbox.self, forKey: .authenticatedAs),
      isSubmission: try fields.decodeIfPresent(Bool.self, forKey: .isSubmission) ?? false,
      signers: try fields.decodeIfPresent([String].self, forKey: .signers)?
        .compactMap { Domain($0, international: true) },
      clientAddress: try fields.decodeIfPresent(String.self, forKey: .client).flatMap { IPAddress($0) },
      receivedAt: Timestamp(milliseconds: try fields.decode(Int64.self, forKey: .at)),
      hasForgedResults: try fields.decodeIfPresent(Bool.self, forKey: .hasForgedResults) ?? false,
      hasMailboxLine: try fields.decodeIfPresent(Bool.self, forKey: .hasMailboxLine) ?? false,
      hasPrivateFields: try fields.decodeIfPresent(Bool.self, forKey: .hasPrivateFields) ?? false,
      hasReturnPath: try fields.decodeIfPresent(Bool.self, forKey: .hasReturnPath) ?? false,
      attributes: Attributes(try fields.decodeIfPresent([String: AttributeValue].self, forKey: .attributes) ?? [:]),
      hold: try fields.decodeIfPresent(String.self, forKey: .hold))
    reportedAt = try fields.decodeIfPresent(Int64.self, forKey: .reportedAt).map(Timestamp.init(milliseconds:))
    session = try fields.decodeIfPresent(String.self, forKey: .session).flatMap { SessionID($0) }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(id.description, forKey: .id)
    try fields.encode(reversePath.description, forKey: .from)
    try fields.encodeIfPresent(senderClient, forKey: .senderClient)
    if !senderArrivals.isEmpty { try fields.encode(senderArrivals, forKey: .senderArrivals) }
    try fields.encode(recipients, forKey: .recipients)
    if body != .sevenBit { try fields.encode(body, forKey: .body) }
    if smtpUTF8 { try fields.encode(smtpUTF8, forKey: .smtpUTF8) }
    if hasForgedResults { try fields.encode(hasForgedResults, forKey: .hasForgedResults) }
    if hasMailboxLine { try fields.encode(hasMailboxLine, forKey: .hasMailboxLine) }
    if hasPrivateFields { try fields.encode(hasPrivateFields, forKey: .hasPrivateFields) }
    if hasReturnPath { try fields.encode(hasReturnPath, forKey: .hasReturnPath) }
    if !requests.isEmpty { try fields.encode(requests, forKey: .requests) }
    try fields.encodeIfPresent(authenticatedAs, forKey: .authenticatedAs)
    if isSubmission { try fields.encode(isSubmission, forKey: .isSubmission) }
    try fields.encodeIfPresent(signers?.map(\.description), forKey: .signers)
    try fields.encodeIfPresent(clientAddress?.description, forKey: .client)
    try fields.encode(receivedAt.milliseconds, forKey: .at)
    if !attributes.isEmpty { try fields.encode(attributes.values, forKey: .attributes) }
    try fields.encodeIfPresent(hold, forKey: .hold)
    try fields.encodeIfPresent(reportedAt?.milliseconds, forKey: .reportedAt)
    try fields.encodeIfPresent(session?.description, forKey: .session)
  }
}
