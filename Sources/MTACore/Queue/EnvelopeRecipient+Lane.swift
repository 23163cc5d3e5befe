/// A parcel's lane is a text that the queue keeps with it and never reads: it is for runners to say of which parcels they want no more now
/// (``ParcelQueue/claim(by:limit:leavingOut:now:deadline:)``). Parcels of one lane are expected to go the same way. A lane that turns out
/// wrong costs a way into the runner's memory and back, and no more.
extension EnvelopeRecipient {
  /// The lane of copies for mailboxes of ours. It has a colon and no bracket at the beginning, so it looks like no domain.
  public static let localLane = "local:"

  /// The lane of a copy before a runner has looked at it: ``localLane``, or the domain in its one form (``Domain/canonical``).
  public var firstLane: String {
    delivery == .remote ? mailbox.domain.canonical.description : Self.localLane
  }
}
