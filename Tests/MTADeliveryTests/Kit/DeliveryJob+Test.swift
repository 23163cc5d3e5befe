import MTACore
import MTATestSupport

@testable import MTADelivery

extension DeliveryJob {
  /// A mail, by default to one recipient, for lanes that never look into it.
  ///
  /// - Parameter lane: that its parcels waited in; nil: their recipient's first.
  static func test(
    _ id: String = "m", to recipient: String = "x@a.example", for destination: Destination, recipients: Int = 1,
    from lane: String? = nil, at now: Timestamp
  ) -> DeliveryJob {
    let envelope = Envelope.test(id, to: Array(repeating: recipient, count: recipients), at: now)
    let source = MailSource(
      envelope, queue: VolatileStore(), signer: nil, clock: ManualClock(), serverName: "us.example")
    let domain: Domain? = if case .domain(let domain) = destination { domain } else { nil }
    return DeliveryJob(
      source: source, destination: destination, domain: domain, marks: CopyMarks(envelope.recipients[0]),
      parcels: envelope.recipients.enumerated().map { index, recipient in
        Parcel(
          id: ParcelID(Int64(index) + 1), mailID: envelope.id, recipient: recipient, lane: lane, createdAt: now,
          expiresAt: now)
      })
  }
}
