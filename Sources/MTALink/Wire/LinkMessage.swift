import MTACore
import MTASystem
import NIOCore

/// What the two sides say to each other.
enum LinkMessage: Hashable, Sendable {
  // From a receiver.
  case hello(version: UInt8)
  case commit(LinkCommit)
  case enter(IPAddress, isFrontEnd: Bool)
  case leave(IPAddress, isFrontEnd: Bool)
  case note(ServerSession.ContactEvent, IPAddress)
  case beginLogin(String?, IPAddress)
  case admit(UInt64)
  case poll(UInt64)
  case giveUp(UInt64)
  case accepted(UInt64)
  case refused(UInt64)
  case left(UInt64)
  case abandoned(UInt64)
  case answerTime
  case authenticate(attempt: UInt64, LinkCredentials)
  case endSession(UInt64)
  case restore(Mailbox)
  case rewrite(Mailbox)
  /// It is kept for `explain`.
  case event(EventRecord)
  /// A line of a session, for those who follow dialogues. So many before it were dropped.
  case dialogue(TracedLine, lost: UInt64)
  /// With the name of the login, if there is one.
  case allow(SendingUse, String?, IPAddress)

  // From the queue process.
  case welcome(version: UInt8, capabilities: DeliveryCapabilities)
  /// The mail of the number is durable.
  case receipt
  case failure(StoreFailure)
  /// With so many that need not ask.
  case entry(DeskEntry, ahead: UInt8)
  case began(UInt64, isFromKnownNetwork: Bool, isSuspended: Bool)
  case admitted(Bool)
  case time(Duration)
  case login(LinkLogin)
  case restored(Restoration)
  case rewritten(Mailbox?)
  /// Whether somebody follows dialogues, from now on. It answers nothing.
  case follow(Bool)
  case allowance(Allowance)
}

/// The longest body of each message.
enum LinkLimits {
  static let control = 65_536
  /// Of a commit: envelope, trace, and content that is not in a descriptor.
  static let commit = 16 << 20

  /// Negative for a kind that the side does not say.
  static func ofReceiver(_ kind: UInt8) -> Int {
    switch kind {
    case LinkKind.commit: commit
    case LinkKind.hello...LinkKind.allow: control
    default: -1
    }
  }

  static func ofQueue(_ kind: UInt8) -> Int { (LinkKind.welcome...LinkKind.allowance).contains(kind) ? control : -1 }
}

enum LinkKind {
  static let hello: UInt8 = 1
  static let commit: UInt8 = 2
  static let rewrite: UInt8 = 18
  static let event: UInt8 = 19
  static let dialogue: UInt8 = 20
  static let allow: UInt8 = 21
  static let welcome: UInt8 = 64
  static let receipt: UInt8 = 65
  static let rewritten: UInt8 = 73
  static let follow: UInt8 = 74
  static let allowance: UInt8 = 75
}

/// One mail, ready to be made durable.
struct LinkCommit: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    case inline(ByteBuffer)
    /// In the descriptor that came with the message, of this size.
    case passed(size: Int)
  }

  /// It was sent before, to a queue process that may have stored it.
  var isResent: Bool
  var envelope: Envelope
  var trace: ByteBuffer
  var content: Content
}

/// Credentials as they cross. One that the receiver verified itself does not: the queue process would have to believe it.
struct LinkCredentials: Hashable, Sendable {
  var mechanism: String
  var authorizationID: String?
  var username: String
  var secret: String
  var isToken: Bool

  init?(_ credentials: Credentials) {
    switch credentials.proof {
    case .password(let password): (secret, isToken) = (password, false)
    case .bearerToken(let token): (secret, isToken) = (token, true)
    case .verified: return nil
    }
    mechanism = credentials.mechanism
    authorizationID = credentials.authorizationID
    username = credentials.username
  }

  init(mechanism: String, authorizationID: String?, username: String, secret: String, isToken: Bool) {
    self.mechanism = mechanism
    self.authorizationID = authorizationID
    self.username = username
    self.secret = secret
    self.isToken = isToken
  }

  var credentials: Credentials {
    Credentials(
      mechanism: mechanism, authorizationID: authorizationID, username: username,
      proof: isToken ? .bearerToken(secret) : .password(secret))
  }
}

/// What the queue process says of credentials.
enum LinkLogin: Hashable, Sendable {
  /// They are right. The token stands for the login until its session ends.
  case right(ClientRecord, token: UInt64)
  case wrong
  /// They could not be verified.
  case failed
}
