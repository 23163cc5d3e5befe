package import Logging
package import MTACore

/// What all connections of a receiver share: the rooms behind it, by their protocols.
package struct ReceiverEnvironment: Sendable {
  package var store: any MessageStore
  package var contacts: ContactBook
  package var lookup: any DNSLookup
  package var inspector: (@Sendable () -> any ContentInspector)?
  package var clock: any WallClock
  package var makeID: @Sendable (Timestamp) -> MailID
  package var timing: Receiver.Timing
  package var logger: Logger
  /// Gets each line of each dialogue; credentials are masked.
  package var observer: (@Sendable (DialogueLine) -> Void)?

  package init(
    store: any MessageStore, contacts: ContactBook, lookup: any DNSLookup,
    inspector: (@Sendable () -> any ContentInspector)? = nil,
    clock: any WallClock, makeID: @escaping @Sendable (Timestamp) -> MailID, timing: Receiver.Timing, logger: Logger,
    observer: (@Sendable (DialogueLine) -> Void)? = nil
  ) {
    self.store = store
    self.contacts = contacts
    self.lookup = lookup
    self.inspector = inspector
    self.clock = clock
    self.makeID = makeID
    self.timing = timing
    self.logger = logger
    self.observer = observer
  }
}
