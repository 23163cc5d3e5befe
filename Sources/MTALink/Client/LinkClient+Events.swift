package import MTASystem

extension LinkClient {
  /// Tells the queue process of an event. Nobody waits for it, and it is lost while the queue process is away.
  package func tell(_ event: EventRecord) {
    guard event.kind.isOfReceiver, event.fields.count <= EventRecord.maximumBytes else { return }
    tellSoon(.event(event))
  }
}
