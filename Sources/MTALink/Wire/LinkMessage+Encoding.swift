import MTACore
import MTASystem
import NIOCore

extension LinkMessage {
  var kind: UInt8 {
    switch self {
    case .hello: LinkKind.hello
    case .commit: LinkKind.commit
    case .enter: 3
    case .leave: 4
    case .note: 5
    case .beginLogin: 6
    case .admit: 7
    case .poll: 8
    case .giveUp: 9
    case .accepted: 10
    case .refused: 11
    case .left: 12
    case .abandoned: 13
    case .answerTime: 14
    case .authenticate: 15
    case .endSession: 16
    case .restore: 17
    case .rewrite: LinkKind.rewrite
    case .event: LinkKind.event
    case .dialogue: LinkKind.dialogue
    case .allow: LinkKind.allow
    case .welcome: LinkKind.welcome
    case .receipt: LinkKind.receipt
    case .failure: 66
    case .entry: 67
    case .began: 68
    case .admitted: 69
    case .time: 70
    case .login: 71
    case .restored: 72
    case .rewritten: LinkKind.rewritten
    case .follow: LinkKind.follow
    case .allowance: LinkKind.allowance
    }
  }

  /// A frame. Content of a commit is in it, unless it is in a descriptor.
  func frame(_ number: UInt64) -> ByteBuffer { LinkFrame.encode(kind, number) { encode(into: &$0) } }

  private func encode(into encoder: inout LinkEncoder) {
    switch self {
    case .hello(let version): encoder.write(version)
    case .commit(let commit): commit.encode(into: &encoder)
    case .enter(let address, let isFrontEnd), .leave(let address, let isFrontEnd):
      encoder.write(address)
      encoder.write(isFrontEnd)
    case .note(let event, let address):
      encoder.write(event == .violation)
      encoder.write(address)
    case .beginLogin(let name, let address):
      encoder.write(optional: name) { $0.write($1) }
      encoder.write(address)
    case .admit(let number), .poll(let number), .giveUp(let number), .accepted(let number), .refused(let number),
      .left(let number), .abandoned(let number), .endSession(let number):
      encoder.write(number: number)
    case .answerTime, .receipt: break
    case .authenticate(let attempt, let credentials):
      encoder.write(number: attempt)
      credentials.encode(into: &encoder)
    case .restore(let mailbox), .rewrite(let mailbox): encoder.write(mailbox)
    case .event(let event): event.encode(into: &encoder)
    case .dialogue(let line, let lost):
      line.encode(into: &encoder)
      encoder.write(number: lost)
    case .follow(let isOn): encoder.write(isOn)
    case .allow(let use, let user, let address):
      encoder.write(use.rawValue)
      encoder.write(optional: user) { $0.write($1) }
      encoder.write(address)
    case .welcome(let version, let capabilities):
      encoder.write(version)
      encoder.write(number: UInt64(truncatingIfNeeded: capabilities.rawValue))
    case .failure(let failure): encoder.write(failure)
    case .entry(let entry, let ahead):
      encoder.write(entry)
      encoder.write(ahead)
    case .began(let number, let isKnown, let isSuspended):
      encoder.write(number: number)
      encoder.write(isKnown)
      encoder.write(isSuspended)
    case .admitted(let isAdmitted): encoder.write(isAdmitted)
    case .time(let duration): encoder.write(signed: duration.wholeMilliseconds)
    case .login(let login): encoder.write(login)
    case .restored(let restoration): encoder.write(restoration)
    case .rewritten(let mailbox): encoder.write(optional: mailbox) { $0.write($1) }
    case .allowance(let allowance): encoder.write(allowance)
    }
  }
}

extension LinkCommit {
  /// Content comes last and without a length, so that it can be sent from where it lies.
  func encode(into encoder: inout LinkEncoder) {
    encoder.write(isResent)
    encoder.write(envelope)
    encoder.write(trace)
    switch content {
    case .inline(let bytes):
      encoder.write(0 as UInt8)
      encoder.bytes.writeImmutableBuffer(bytes)
    case .passed(let size):
      encoder.write(1 as UInt8)
      encoder.write(count: size)
    }
  }
}

extension EventRecord {
  fileprivate func encode(into encoder: inout LinkEncoder) {
    encoder.write(kind.rawValue)
    encoder.write(signed: at.milliseconds)
    encoder.write(shelf == .refusals)
    encoder.write(optional: mail) { $0.write($1.description) }
    encoder.write(optional: client) { $0.write($1) }
    encoder.write(fields)
  }
}

extension TracedLine {
  /// Receivers have inbound lines alone, whose peer is its address.
  fileprivate func encode(into encoder: inout LinkEncoder) {
    encoder.write(signed: at.milliseconds)
    encoder.write(line.side == .server)
    encoder.write(number: line.connection ?? 0)
    encoder.write(optional: line.session) { $0.write($1.description) }
    encoder.write(optional: line.address) { $0.write($1) }
    encoder.write(line.text)
  }
}

extension LinkCredentials {
  fileprivate func encode(into encoder: inout LinkEncoder) {
    encoder.write(mechanism)
    encoder.write(optional: authorizationID) { $0.write($1) }
    encoder.write(username)
    encoder.write(secret)
    encoder.write(isToken)
  }
}

extension LinkEncoder {
  fileprivate mutating func write(_ failure: StoreFailure) {
    switch failure {
    case .noSpace: write(0 as UInt8)
    case .closed: write(1 as UInt8)
    case .failed(let text):
      write(2 as UInt8)
      // The text is for the log: a long one must not outgrow the message.
      write(String(text.prefix(1000)))
    }
  }

  fileprivate mutating func write(_ entry: DeskEntry) {
    switch entry {
    case .welcome: write(0 as UInt8)
    case .slammed: write(1 as UInt8)
    case .full: write(2 as UInt8)
    case .warned(let until):
      write(3 as UInt8)
      write(signed: until.milliseconds)
    }
  }

  fileprivate mutating func write(_ allowance: Allowance) {
    switch allowance {
    case .granted: write(0 as UInt8)
    case .suspended: write(1 as UInt8)
    case .unknown: write(2 as UInt8)
    case .limited(let span, let minutes):
      write(3 as UInt8)
      write(span.rawValue)
      write(signed: minutes)
    }
  }

  fileprivate mutating func write(_ login: LinkLogin) {
    switch login {
    case .wrong: write(0 as UInt8)
    case .failed: write(1 as UInt8)
    case .right(let record, let token):
      write(2 as UInt8)
      write(record)
      write(number: token)
    }
  }

  fileprivate mutating func write(_ restoration: Restoration) {
    switch restoration {
    case .unknown: write(0 as UInt8)
    case .expired: write(1 as UInt8)
    case .original(let mailbox):
      write(2 as UInt8)
      write(mailbox)
    }
  }
}
