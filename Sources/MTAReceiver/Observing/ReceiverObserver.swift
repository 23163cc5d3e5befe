public import MTASystem

/// Gets the events of a receiver: a method for each kind of event, each with a default that does nothing.
///
/// ```
/// C: (connects)                    opened
/// C: STARTTLS                      secured
/// C: AUTH …                        loggedIn, loginRefused
/// C: RCPT TO:<x@elsewhere>         refused
/// C: .                             accepted, discarded, refused, notStored
/// C: QUIT                          closed
/// ```
///
/// An observer decides nothing: its methods return nothing, and an event has happened already. It cannot slow the mail either:
///
/// | what | how |
/// |---|---|
/// | thread | Each observer has its own. Its methods may wait or block. |
/// | order | One call after the other, in the order of the events. |
/// | queue | Up to 4,096 events wait for an observer. Events beyond that are dropped, and ``lost(_:)`` tells how many, in their place. |
/// | shutdown | The receiver waits up to five seconds for observers that are behind. |
///
/// Names, addresses and logins are in the events as the client said them: escape them where you show them. No event has a password.
///
/// ```swift
/// actor Tally {
///   private var accepted = 0
///   private var bytes = 0
/// }
///
/// extension Tally: ReceiverObserver {
///   func accepted(_ mail: ReceiverEvent.Accepted) {
///     accepted += 1
///     bytes += mail.bytes
///   }
///   func lost(_ count: Int) { print("\(count) events are not in the tally") }
/// }
/// ```
///
/// Write the conformance in an extension, as above: the compiler then warns of a method whose name is misspelt.
public protocol ReceiverObserver: Sendable {
  /// Whether ``said(_:)`` is called, which costs something for each line. Asked once. Default: false.
  var watchesDialogue: Bool { get }

  /// A client connected, within the limits of connections. With implicit TLS, the handshake is done.
  func opened(_ event: ReceiverEvent.Opened) async
  /// A client was turned away, because there are too many connections, in all or from its address. It has no session.
  func turnedAway(_ event: ReceiverEvent.TurnedAway) async
  /// A session is encrypted from now on: after STARTTLS, or right after ``opened(_:)`` with implicit TLS.
  func secured(_ event: ReceiverEvent.Secured) async
  /// A user logged in.
  func loggedIn(_ event: ReceiverEvent.LoggedIn) async
  /// A client gave wrong credentials.
  func loginRefused(_ event: ReceiverEvent.LoginRefused) async
  /// A client was told that its address is locked out (R2).
  func lockedOut(_ event: ReceiverEvent.LockedOut) async
  /// A mail is on stable storage. Its client gets the 250 next.
  func accepted(_ event: ReceiverEvent.Accepted) async
  /// A hook said ``MTACore/MessageVerdict/discard``: the client gets a 250, and the mail is dropped.
  func discarded(_ event: ReceiverEvent.Discarded) async
  /// A client got a 4yz or 5yz answer. Also called for each recipient of an accepted mail that is refused alone. A refused login is
  /// ``loginRefused(_:)`` instead.
  func refused(_ event: ReceiverEvent.Refused) async
  /// The store did not take a mail. The client's 4yz answer is ``refused(_:)`` as well.
  func notStored(_ event: ReceiverEvent.NotStored) async
  /// A hook threw, or exceeded its budget.
  func hookFailed(_ event: ReceiverEvent.HookFailed) async
  /// A session ended: its last event.
  func closed(_ event: ReceiverEvent.Closed) async
  /// A line was said, by the client or by us.
  func said(_ line: DialogueLine) async
  /// So many events were dropped here, because the observer was behind.
  func lost(_ count: Int) async
}

extension ReceiverObserver {
  public var watchesDialogue: Bool { false }
  public func opened(_ event: ReceiverEvent.Opened) async {}
  public func turnedAway(_ event: ReceiverEvent.TurnedAway) async {}
  public func secured(_ event: ReceiverEvent.Secured) async {}
  public func loggedIn(_ event: ReceiverEvent.LoggedIn) async {}
  public func loginRefused(_ event: ReceiverEvent.LoginRefused) async {}
  public func lockedOut(_ event: ReceiverEvent.LockedOut) async {}
  public func accepted(_ event: ReceiverEvent.Accepted) async {}
  public func discarded(_ event: ReceiverEvent.Discarded) async {}
  public func refused(_ event: ReceiverEvent.Refused) async {}
  public func notStored(_ event: ReceiverEvent.NotStored) async {}
  public func hookFailed(_ event: ReceiverEvent.HookFailed) async {}
  public func closed(_ event: ReceiverEvent.Closed) async {}
  public func said(_ line: DialogueLine) async {}
  public func lost(_ count: Int) async {}
}
