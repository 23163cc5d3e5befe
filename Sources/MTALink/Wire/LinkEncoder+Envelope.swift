import MTACore
import NIOCore

// The short form of an envelope. Both ends are the same program, so it needs no names of fields: LinkVersion changes with it.

extension LinkEncoder {
  mutating func write(_ envelope: Envelope) {
    write(envelope.id.description)
    write(envelope.reversePath)
    write(optional: envelope.senderClient) { $0.write($1) }
    write(list: envelope.senderArrivals) { $0.write($1) }
    write(list: envelope.recipients) { $0.write($1) }
    switch envelope.body {
    case .sevenBit: write(0 as UInt8)
    case .eightBitMIME: write(1 as UInt8)
    case .binaryMIME: write(2 as UInt8)
    }
    write(envelope.smtpUTF8)
    write(optional: envelope.requests.isEmpty ? nil : envelope.requests) { $0.write($1) }
    write(optional: envelope.authenticatedAs) { $0.write($1) }
    write(envelope.isSubmission)
    write(optional: envelope.signers) { $0.write(list: $1) { $0.write($1.description) } }
    write(optional: envelope.clientAddress) { $0.write($1) }
    write(signed: envelope.receivedAt.milliseconds)
    write(envelope.hasForgedResults)
    write(envelope.hasMailboxLine)
    write(envelope.hasPrivateFields)
    write(envelope.hasReturnPath)
    write(map: envelope.attributes.values)
    write(optional: envelope.hold) { $0.write($1) }
    write(optional: envelope.reportedAt) { $0.write(signed: $1.milliseconds) }
    write(optional: envelope.session) { $0.write($1.description) }
  }

  mutating func write(_ mailbox: Mailbox) {
    write(mailbox.localPart)
    write(mailbox.domain.description)
  }

  mutating func write(_ path: ReversePath) { write(optional: path.mailbox) { $0.write($1) } }

  mutating func write(_ address: IPAddress) {
    switch address {
    case .v4(let bits):
      write(4 as UInt8)
      bytes.writeInteger(bits)
    case .v6(let high, let low):
      write(6 as UInt8)
      bytes.writeInteger(high)
      bytes.writeInteger(low)
    }
  }

  mutating func write(_ record: ClientRecord) {
    write(optional: record.mailboxID) { $0.write($1) }
    write(optional: record.ownerID) { $0.write($1) }
    switch record.delivery {
    case .local: write(0 as UInt8)
    case .remote: write(1 as UInt8)
    case .none: write(2 as UInt8)
    }
    write(list: record.forwards) { $0.write($1) }
    write(record.keepsCopy)
  }

  mutating func write(_ recipient: EnvelopeRecipient) {
    write(recipient.mailbox)
    write(optional: recipient.client) { $0.write($1) }
    write(optional: recipient.notification.notify) { $0.write(signed: Int64($1.rawValue)) }
    write(optional: recipient.notification.originalRecipient) { $0.write($1) }
    write(optional: recipient.forwardedFor) { $0.write($1) }
    write(optional: recipient.reversePath) { $0.write($1) }
  }

  mutating func write(_ requests: DeliveryRequests) {
    write(optional: requests.return) { $0.write($1 == .full) }
    write(optional: requests.envelopeID) { $0.write($1) }
    write(requests.requireTLS)
    write(signed: Int64(requests.priority))
    write(optional: requests.holdUntil) { $0.write(signed: $1.milliseconds) }
    write(optional: requests.deliverBy) {
      $0.write(signed: $1.deadline.milliseconds)
      $0.write($1.mode == .return)
      $0.write($1.trace)
    }
  }

  mutating func write(map: [String: AttributeValue]) {
    write(count: map.count)
    for (name, value) in map {
      write(name)
      write(value)
    }
  }

  private mutating func write(_ value: AttributeValue) {
    switch value {
    case .text(let text):
      write(0 as UInt8)
      write(text)
    case .integer(let number):
      write(1 as UInt8)
      write(signed: number)
    case .number(let number):
      write(2 as UInt8)
      bytes.writeInteger(number.bitPattern)
    case .flag(let flag):
      write(3 as UInt8)
      write(flag)
    case .bytes(let octets):
      write(4 as UInt8)
      write(octets)
    case .list(let values):
      write(5 as UInt8)
      write(list: values) { $0.write($1) }
    case .map(let values):
      write(6 as UInt8)
      write(map: values)
    }
  }
}
