import MTACore
import NIOCore

extension LinkDecoder {
  mutating func envelope() throws(LinkFault) -> Envelope {
    let id = try mailID()
    let reversePath = try reversePath()
    let senderClient = try optional { (decoder) throws(LinkFault) in try decoder.clientRecord() }
    let senderArrivals = try list { (decoder) throws(LinkFault) in try decoder.recipient() }
    let recipients = try list { (decoder) throws(LinkFault) in try decoder.recipient() }
    let body = try bodyType()
    let smtpUTF8 = try flag()
    let requests = try optional { (decoder) throws(LinkFault) in try decoder.requests() }
    let authenticatedAs = try optional { (decoder) throws(LinkFault) in try decoder.mailbox() }
    let isSubmission = try flag()
    let signers = try optional { (decoder) throws(LinkFault) in
      try decoder.list { (decoder) throws(LinkFault) in try decoder.domain() }
    }
    let clientAddress = try optional { (decoder) throws(LinkFault) in try decoder.address() }
    let receivedAt = try timestamp()
    let hasForgedResults = try flag()
    let hasMailboxLine = try flag()
    let hasPrivateFields = try flag()
    let hasReturnPath = try flag()
    let attributes = try map()
    let hold = try optional { (decoder) throws(LinkFault) in try decoder.text() }
    var envelope = Envelope(
      id: id, reversePath: reversePath, senderClient: senderClient, senderArrivals: senderArrivals,
      recipients: recipients, body: body, smtpUTF8: smtpUTF8, requests: requests ?? DeliveryRequests(),
      authenticatedAs: authenticatedAs, isSubmission: isSubmission, signers: signers, clientAddress: clientAddress,
      receivedAt: receivedAt, hasForgedResults: hasForgedResults, hasMailboxLine: hasMailboxLine,
      hasPrivateFields: hasPrivateFields, hasReturnPath: hasReturnPath, attributes: Attributes(attributes),
      hold: hold)
    envelope.reportedAt = try optional { (decoder) throws(LinkFault) in try decoder.timestamp() }
    envelope.session = try optional { (decoder) throws(LinkFault) in try decoder.sessionID() }
    return envelope
  }

  mutating func mailID() throws(LinkFault) -> MailID {
    guard let id = MailID(try text()) else { throw LinkFault("a mail id is none") }
    return id
  }

  private mutating func sessionID() throws(LinkFault) -> SessionID {
    guard let id = SessionID(try text()) else { throw LinkFault("a session id is none") }
    return id
  }

  mutating func timestamp() throws(LinkFault) -> Timestamp { Timestamp(milliseconds: try signed()) }

  mutating func domain() throws(LinkFault) -> Domain {
    guard let domain = Domain(bytes: try octets(), international: true) else { throw LinkFault("a domain is none") }
    return domain
  }

  mutating func mailbox() throws(LinkFault) -> Mailbox {
    let localPart = try text()
    guard let mailbox = Mailbox(localPart: localPart, domain: try domain()) else {
      throw LinkFault("a mailbox is none")
    }
    return mailbox
  }

  mutating func reversePath() throws(LinkFault) -> ReversePath {
    try optional { (decoder) throws(LinkFault) in try decoder.mailbox() }.map(ReversePath.mailbox) ?? .null
  }

  mutating func address() throws(LinkFault) -> IPAddress {
    switch try byte() {
    case 4:
      guard let bits = bytes.readInteger(as: UInt32.self) else { throw .short }
      return .v4(bits)
    case 6:
      guard let high = bytes.readInteger(as: UInt64.self), let low = bytes.readInteger(as: UInt64.self) else {
        throw .short
      }
      return IPAddress(v6High: high, low: low)
    default: throw LinkFault("an address is none")
    }
  }

  private mutating func bodyType() throws(LinkFault) -> BodyType {
    switch try byte() {
    case 0: return .sevenBit
    case 1: return .eightBitMIME
    case 2: return .binaryMIME
    default: throw LinkFault("a body type is none")
    }
  }

  mutating func clientRecord() throws(LinkFault) -> ClientRecord {
    let mailboxID = try optional { (decoder) throws(LinkFault) in try decoder.text() }
    let ownerID = try optional { (decoder) throws(LinkFault) in try decoder.text() }
    let delivery: DeliveryKind
    switch try byte() {
    case 0: delivery = .local
    case 1: delivery = .remote
    case 2: delivery = .none
    default: throw LinkFault("a delivery is none")
    }
    let forwards = try list { (decoder) throws(LinkFault) in try decoder.mailbox() }
    return ClientRecord(
      mailboxID: mailboxID, ownerID: ownerID, delivery: delivery, forwards: forwards, keepsCopy: try flag())
  }

  private mutating func recipient() throws(LinkFault) -> EnvelopeRecipient {
    let mailbox = try mailbox()
    let client = try optional { (decoder) throws(LinkFault) in try decoder.clientRecord() }
    let notify = try optional { (decoder) throws(LinkFault) in
      let bits = try decoder.signed()
      guard (0...7).contains(bits) else { throw LinkFault("a NOTIFY is none") }
      return RecipientNotification.Notify(rawValue: Int(bits))
    }
    let original = try optional { (decoder) throws(LinkFault) in try decoder.text() }
    let forwardedFor = try optional { (decoder) throws(LinkFault) in try decoder.mailbox() }
    let reversePath = try optional { (decoder) throws(LinkFault) in try decoder.reversePath() }
    return EnvelopeRecipient(
      mailbox, client: client, notification: RecipientNotification(notify: notify, originalRecipient: original),
      forwardedFor: forwardedFor, reversePath: reversePath)
  }

  private mutating func requests() throws(LinkFault) -> DeliveryRequests {
    var requests = DeliveryRequests()
    requests.return = try optional { (decoder) throws(LinkFault) in try decoder.flag() ? .full : .headers }
    requests.envelopeID = try optional { (decoder) throws(LinkFault) in try decoder.text() }
    requests.requireTLS = try flag()
    let priority = try signed()
    guard (-9...9).contains(priority) else { throw LinkFault("a priority is none") }
    requests.priority = Int(priority)
    requests.holdUntil = try optional { (decoder) throws(LinkFault) in try decoder.timestamp() }
    requests.deliverBy = try optional { (decoder) throws(LinkFault) in
      let deadline = try decoder.timestamp()
      let mode: DeliveryRequests.DeliverBy.Mode = try decoder.flag() ? .return : .notify
      return DeliveryRequests.DeliverBy(deadline: deadline, mode: mode, trace: try decoder.flag())
    }
    return requests
  }

  private mutating func map() throws(LinkFault) -> [String: AttributeValue] {
    let count = try number()
    guard let count = Int(exactly: count), count <= bytes.readableBytes else { throw .short }
    try take(count)
    var map: [String: AttributeValue] = [:]
    for _ in 0..<count {
      let name = try text()
      guard map.updateValue(try attribute(), forKey: name) == nil else {
        throw LinkFault("an attribute comes twice")
      }
    }
    return map
  }

  private mutating func attribute() throws(LinkFault) -> AttributeValue {
    switch try byte() {
    case 0: return .text(try text())
    case 1: return .integer(try signed())
    case 2:
      guard let bits = bytes.readInteger(as: UInt64.self) else { throw .short }
      return .number(Double(bitPattern: bits))
    case 3: return .flag(try flag())
    case 4: return .bytes(try octets())
    case 5:
      return try nested { (decoder) throws(LinkFault) in
        .list(try decoder.list { (decoder) throws(LinkFault) in try decoder.attribute() })
      }
    case 6: return try nested { (decoder) throws(LinkFault) in .map(try decoder.map()) }
    default: throw LinkFault("an attribute has no form")
    }
  }
}
