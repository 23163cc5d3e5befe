public import MTASystem

/// Gets the events of the queue: a method for each kind of event, each with a default that does nothing.
///
/// ```
/// an attempt ended, for one copy      delivered, deferred, failed, held
/// a report to a sender is queued      reported
/// the store wrote                     committed
/// ```
///
/// An observer decides nothing: its methods return nothing, and an event has happened already. It cannot slow the mail either:
///
/// | what | how |
/// |---|---|
/// | thread | Each observer has its own. Its methods may wait or block. |
/// | order | One call after the other, in the order of the events. |
/// | queue | Up to 4,096 events wait for an observer. Events beyond that are dropped, and ``lost(_:)`` tells how many, in their place. |
/// | the end of a server, or of a run of the queue | It waits up to five seconds for observers that are behind. |
///
/// The outcome of an attempt is told before it is recorded. If the process ends between the two, the parcel is tried again, and there is
/// a second event for it.
///
/// A server's words are one printable line. Addresses are as the client said them: escape them where you show them.
///
/// ```swift
/// struct Bounces {
///   let file: ListOfBounces
/// }
///
/// extension Bounces: DeliveryObserver {
///   func failed(_ event: DeliveryEvent.Outcome) async {
///     await file.add("\(event.recipient)", because: event.message)
///   }
/// }
/// ```
///
/// Write the conformance in an extension, as above: the compiler then warns of a method whose name is misspelt.
public protocol DeliveryObserver: Sendable {
  /// Whether ``said(_:)`` is called, which costs something for each line. Asked once. Default: false.
  var watchesDialogue: Bool { get }

  /// A copy is in its mailbox, or with the next server.
  func delivered(_ event: DeliveryEvent.Outcome) async
  /// A copy is tried again later.
  func deferred(_ event: DeliveryEvent.Outcome) async
  /// A copy was given up.
  func failed(_ event: DeliveryEvent.Outcome) async
  /// A copy is set aside until somebody releases it.
  func held(_ event: DeliveryEvent.Outcome) async
  /// A report to a sender is in the queue.
  func reported(_ event: DeliveryEvent.Reported) async
  /// `MailStore` made a durable write. A store of the program's own has no such event.
  func committed(_ commit: StoreCommit) async
  /// A line was said, by us or by the server.
  func said(_ line: DialogueLine) async
  /// So many events were dropped here, because the observer was behind.
  func lost(_ count: Int) async
}

extension DeliveryObserver {
  public var watchesDialogue: Bool { false }
  public func delivered(_ event: DeliveryEvent.Outcome) async {}
  public func deferred(_ event: DeliveryEvent.Outcome) async {}
  public func failed(_ event: DeliveryEvent.Outcome) async {}
  public func held(_ event: DeliveryEvent.Outcome) async {}
  public func reported(_ event: DeliveryEvent.Reported) async {}
  public func committed(_ commit: StoreCommit) async {}
  public func said(_ line: DialogueLine) async {}
  public func lost(_ count: Int) async {}
}
