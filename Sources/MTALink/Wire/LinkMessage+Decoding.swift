import MTACore
import MTASystem
import NIOCore

extension LinkMessage {
  init(_ frame: LinkFrame) throws(LinkFault) {
    var decoder = LinkDecoder(frame.body)
    self = try Self.read(frame.kind, from: &decoder)
    try decoder.end()
  }

  private static func read(_ kind: UInt8, from decoder: inout LinkDecoder) throws(LinkFault) -> LinkMessage {
    switch kind {
    case LinkKind.hello: return .hello(version: try decoder.byte())
    case LinkKind.commit: return .commit(try decoder.commit())
    case 3: return .enter(try decoder.address(), isFrontEnd: try decoder.flag())
    case 4: return .leave(try decoder.address(), isFrontEnd: try decoder.flag())
    case 5: return .note(try decoder.flag() ? .violation : .acceptance, try decoder.address())
    case 6:
      let name = try decoder.optional { (decoder) throws(LinkFault) in try decoder.text() }
      return .beginLogin(name, try decoder.address())
    case 7: return .admit(try decoder.number())
    case 8: return .poll(try decoder.number())
    case 9: return .giveUp(try decoder.number())
    case 10: return .accepted(try decoder.number())
    case 11: return .refused(try decoder.number())
    case 12: return .left(try decoder.number())
    case 13: return .abandoned(try decoder.number())
    case 14: return .answerTime
    case 15: return .authenticate(attempt: try decoder.number(), try decoder.credentials())
    case 16: return .endSession(try decoder.number())
    case 17: return .restore(try decoder.mailbox())
    case LinkKind.rewrite: return .rewrite(try decoder.mailbox())
    case LinkKind.event: return .event(try decoder.event())
    case LinkKind.dialogue: return .dialogue(try decoder.tracedLine(), lost: try decoder.number())
    case LinkKind.allow:
      guard let use = SendingUse(rawValue: try decoder.byte()) else { throw LinkFault("a use is none") }
      let user = try decoder.optional { (decoder) throws(LinkFault) in try decoder.text() }
      return .allow(use, user, try decoder.address())
    default: return try readAnswer(kind, from: &decoder)
    }
  }

  private static func readAnswer(_ kind: UInt8, from decoder: inout LinkDecoder) throws(LinkFault) -> LinkMessage {
    switch kind {
    case LinkKind.welcome:
      let version = try decoder.byte()
      return .welcome(
        version: version, capabilities: DeliveryCapabilities(rawValue: Int(truncatingIfNeeded: try decoder.number())))
    case LinkKind.receipt: return .receipt
    case 66: return .failure(try decoder.failure())
    case 67: return .entry(try decoder.entry(), ahead: try decoder.byte())
    case 68:
      return .began(
        try decoder.number(), isFromKnownNetwork: try decoder.flag(), isSuspended: try decoder.flag())
    case 69: return .admitted(try decoder.flag())
    case 70: return .time(.milliseconds(try decoder.signed()))
    case 71: return .login(try decoder.login())
    case 72: return .restored(try decoder.restoration())
    case LinkKind.rewritten:
      return .rewritten(try decoder.optional { (decoder) throws(LinkFault) in try decoder.mailbox() })
    case LinkKind.follow: return .follow(try decoder.flag())
    case LinkKind.allowance: return .allowance(try decoder.allowance())
    default: throw LinkFault("there is no message of kind \(kind)")
    }
  }
}

extension LinkDecoder {
  fileprivate mutating func commit() throws(LinkFault) -> LinkCommit {
    let isResent = try flag()
    let envelope = try envelope()
    let trace = try piece()
    let content: LinkCommit.Content
    switch try byte() {
    case 0:
      content = .inline(bytes)
      bytes.moveReaderIndex(to: bytes.writerIndex)
    case 1:
      guard let size = Int(exactly: try number()) else { throw .large }
      content = .passed(size: size)
    default: throw LinkFault("content is neither here nor passed")
    }
    return LinkCommit(isResent: isResent, envelope: envelope, trace: trace, content: content)
  }

  fileprivate mutating func event() throws(LinkFault) -> EventRecord {
    guard let kind = EventRecord.Kind(rawValue: try byte()), kind.isOfReceiver else {
      throw LinkFault("an event that receivers do not tell of")
    }
    let at = try timestamp()
    let isRefusal = try flag()
    let mail = try optional { (decoder) throws(LinkFault) in
      guard let id = MailID(try decoder.text()) else { throw LinkFault("an id is none") }
      return id
    }
    let client = try optional { (decoder) throws(LinkFault) in try decoder.address() }
    let fields = try octets()
    guard fields.count <= EventRecord.maximumBytes else { throw .large }
    let shelf = kind == .accepted ? EventRecord.Shelf.mails : isRefusal ? .refusals : .strangers
    return EventRecord(kind, at: at, on: shelf, mail: mail, client: client, fields: fields)
  }

  fileprivate mutating func tracedLine() throws(LinkFault) -> TracedLine {
    let at = try timestamp()
    let side: DialogueLine.Side = try flag() ? .server : .client
    let connection = try number()
    let session = try optional { (decoder) throws(LinkFault) in
      guard let id = SessionID(try decoder.text()) else { throw LinkFault("an id of a session is none") }
      return id
    }
    let address = try optional { (decoder) throws(LinkFault) in try decoder.address() }
    return TracedLine(
      at: at,
      DialogueLine(
        .inbound, side, connection: connection, peer: address.map { "\($0)" } ?? "", address: address,
        session: session, try text()))
  }

  fileprivate mutating func credentials() throws(LinkFault) -> LinkCredentials {
    let mechanism = try text()
    let authorizationID = try optional { (decoder) throws(LinkFault) in try decoder.text() }
    let username = try text()
    let secret = try text()
    return LinkCredentials(
      mechanism: mechanism, authorizationID: authorizationID, username: username, secret: secret,
      isToken: try flag())
  }

  fileprivate mutating func failure() throws(LinkFault) -> StoreFailure {
    switch try byte() {
    case 0: return .noSpace
    case 1: return .closed
    case 2: return .failed(try text())
    default: throw LinkFault("a failure is none")
    }
  }

  fileprivate mutating func entry() throws(LinkFault) -> DeskEntry {
    switch try byte() {
    case 0: return .welcome
    case 1: return .slammed
    case 2: return .full
    case 3: return .warned(until: try timestamp())
    default: throw LinkFault("an entry is none")
    }
  }

  fileprivate mutating func allowance() throws(LinkFault) -> Allowance {
    switch try byte() {
    case 0: return .granted
    case 1: return .suspended
    case 2: return .unknown
    case 3:
      guard let span = LimitSpan(rawValue: try byte()) else { throw LinkFault("a span is none") }
      return .limited(span, minutes: try signed())
    default: throw LinkFault("an allowance is none")
    }
  }

  fileprivate mutating func login() throws(LinkFault) -> LinkLogin {
    switch try byte() {
    case 0: return .wrong
    case 1: return .failed
    case 2: return .right(try clientRecord(), token: try number())
    default: throw LinkFault("a login is none")
    }
  }

  fileprivate mutating func restoration() throws(LinkFault) -> Restoration {
    switch try byte() {
    case 0: return .unknown
    case 1: return .expired
    case 2: return .original(try mailbox())
    default: throw LinkFault("a restoration is none")
    }
  }
}
