import MTACore
import MTASystem
import MTATestSupport
import NIOCore

@testable import MTALink

/// Values of every shape, the same for the same seed.
struct Samples {
  static let noon = Timestamp(milliseconds: 1_800_000_000_000)

  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func number(below bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &generator) }
  mutating func flag() -> Bool { Bool.random(using: &generator) }
  mutating func bytes(upTo count: Int) -> ByteBuffer {
    let count = number(below: count)
    return ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }
  mutating func optional<Value>(_ value: (inout Self) -> Value) -> Value? { flag() ? value(&self) : nil }
  mutating func list<Value>(upTo count: Int, _ value: (inout Self) -> Value) -> [Value] {
    (0..<number(below: count)).map { _ in value(&self) }
  }

  mutating func text() -> String {
    ["", "a", "ü", "two words", "\u{0}\n", "日本", String(repeating: "x", count: 300)][number(below: 7)]
  }

  mutating func address() -> IPAddress {
    flag()
      ? .v4(UInt32.random(in: .min ... .max, using: &generator))
      : IPAddress(v6High: UInt64(1 + number(below: 1000)), low: UInt64.random(in: .min ... .max, using: &generator))
  }

  mutating func domain() -> Domain {
    let names = ["a.example", "bücher.example", "[192.0.2.1]", "[IPv6:2001:db8::1]", "xn--bcher-kva.example"]
    return Domain(names[number(below: names.count)], international: true) ?? .name("a.example")
  }

  mutating func mailbox() -> Mailbox {
    let local = ["ann", "two words", "ü", "a\"b\\c", "x+y"][number(below: 5)]
    return Mailbox(localPart: local, domain: domain()) ?? "ann@a.example"
  }

  mutating func timestamp() -> Timestamp { Timestamp(milliseconds: Int64.random(in: .min ... .max, using: &generator)) }

  mutating func record() -> ClientRecord {
    ClientRecord(
      mailboxID: optional { $0.text() }, ownerID: optional { $0.text() },
      delivery: [.local, .remote, .none][number(below: 3)], forwards: list(upTo: 4) { $0.mailbox() },
      keepsCopy: flag())
  }

  mutating func recipient() -> EnvelopeRecipient {
    let notification = RecipientNotification(
      notify: optional { RecipientNotification.Notify(rawValue: $0.number(below: 8)) },
      originalRecipient: optional { $0.text() })
    return EnvelopeRecipient(
      mailbox(), client: optional { $0.record() }, notification: notification,
      forwardedFor: optional { $0.mailbox() },
      reversePath: optional { $0.flag() ? .null : .mailbox($0.mailbox()) })
  }

  mutating func attribute(depth: Int = 0) -> AttributeValue {
    switch number(below: depth < 4 ? 7 : 5) {
    case 0: .text(text())
    case 1: .integer(Int64.random(in: .min ... .max, using: &generator))
    case 2: .number(Double.random(in: -1e300...1e300, using: &generator))
    case 3: .flag(flag())
    case 4: .bytes(Array(bytes(upTo: 20).readableBytesView))
    case 5: .list(list(upTo: 4) { $0.attribute(depth: depth + 1) })
    default:
      .map(
        Dictionary(list(upTo: 4) { ($0.text(), $0.attribute(depth: depth + 1)) }) { first, _ in first })
    }
  }

  mutating func envelope() -> Envelope {
    var requests = DeliveryRequests()
    if flag() {
      requests.return = optional { $0.flag() ? .full : .headers }
      requests.envelopeID = optional { $0.text() }
      requests.requireTLS = flag()
      requests.priority = number(below: 19) - 9
      requests.holdUntil = optional { $0.timestamp() }
      requests.deliverBy = optional {
        DeliveryRequests.DeliverBy(deadline: $0.timestamp(), mode: $0.flag() ? .return : .notify, trace: $0.flag())
      }
    }
    var envelope = Envelope(
      id: MailID(at: Self.noon, random: UInt32.random(in: .min ... .max, using: &generator)),
      reversePath: flag() ? .null : .mailbox(mailbox()), senderClient: optional { $0.record() },
      senderArrivals: list(upTo: 3) { $0.recipient() }, recipients: list(upTo: 5) { $0.recipient() },
      body: [.sevenBit, .eightBitMIME, .binaryMIME][number(below: 3)], smtpUTF8: flag(), requests: requests,
      authenticatedAs: optional { $0.mailbox() }, isSubmission: flag(),
      signers: optional { $0.list(upTo: 3) { $0.domain() } }, clientAddress: optional { $0.address() },
      receivedAt: timestamp(), hasForgedResults: flag(), hasMailboxLine: flag(), hasPrivateFields: flag(),
      hasReturnPath: flag(),
      attributes: Attributes(Dictionary(list(upTo: 4) { ($0.text(), $0.attribute()) }) { first, _ in first }),
      hold: optional { $0.text() })
    envelope.reportedAt = optional { $0.timestamp() }
    envelope.session = flag() ? SessionID("1tSiLu000-2") : nil
    return envelope
  }

  mutating func credentials() -> LinkCredentials {
    LinkCredentials(
      mechanism: text(), authorizationID: optional { $0.text() }, username: text(), secret: text(), isToken: flag())
  }

  mutating func event() -> EventRecord {
    let kind = [EventRecord.Kind.accepted, .discarded, .refused, .loginRefused][number(below: 4)]
    return EventRecord(
      kind, at: timestamp(), on: kind == .accepted ? .mails : flag() ? .refusals : .strangers,
      mail: optional { _ in MailID("1tSiLu-000001-00") } ?? nil, client: optional { $0.address() },
      fields: Array(bytes(upTo: 600).readableBytesView))
  }

  mutating func tracedLine() -> TracedLine {
    let client = optional { $0.address() }
    return TracedLine(
      at: timestamp(),
      DialogueLine(
        .inbound, flag() ? .client : .server, connection: 7, peer: client.map { "\($0)" } ?? "", address: client,
        session: SessionID("1tSiLu000-2"), text()))
  }

  /// One of each kind.
  mutating func messages() -> [LinkMessage] {
    let number = UInt64.random(in: .min ... .max, using: &generator)
    let isInline = flag()
    return [
      .hello(version: 1),
      .commit(
        LinkCommit(
          isResent: flag(), envelope: envelope(), trace: bytes(upTo: 300),
          content: isInline ? .inline(bytes(upTo: 3000)) : .passed(size: self.number(below: .max)))),
      .enter(address(), isFrontEnd: flag()), .leave(address(), isFrontEnd: flag()),
      .note(flag() ? .violation : .acceptance, address()), .beginLogin(optional { $0.text() }, address()),
      .admit(number), .poll(number), .giveUp(number), .accepted(number), .refused(number), .left(number),
      .abandoned(number), .answerTime, .authenticate(attempt: number, credentials()), .endSession(number),
      .restore(mailbox()), .rewrite(mailbox()), .event(event()),
      .dialogue(tracedLine(), lost: number), .follow(flag()), .welcome(version: 1, capabilities: .all), .receipt,
      .failure([.noSpace, .closed, .failed(text())][self.number(below: 3)]),
      .entry(
        [.welcome, .slammed, .full, .warned(until: timestamp())][self.number(below: 4)],
        ahead: UInt8(self.number(below: 256))),
      .began(number, isFromKnownNetwork: flag(), isSuspended: flag()), .admitted(flag()),
      .time(.milliseconds(self.number(below: 100_000))),
      .login([.wrong, .failed, .right(record(), token: number)][self.number(below: 3)]),
      .restored([.unknown, .expired, .original(mailbox())][self.number(below: 3)]),
      .rewritten(optional { $0.mailbox() }),
      .allow(flag() ? .mail : .recipient, optional { $0.text() }, address()),
      .allowance(
        [.granted, .suspended, .unknown, .limited(.day, minutes: Int64(self.number(below: 2000)))][
          self.number(below: 4)]),
    ]
  }
}
