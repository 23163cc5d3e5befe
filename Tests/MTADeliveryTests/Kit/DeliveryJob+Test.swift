import MTACore
import MTATestSupport

@testable import MTADelivery

extension DeliveryJob {
  /// A mail to one recipient, for lanes that never look into it.
  static func test(
    _ id: String = "m", to recipient: String = "x@a.example", for destination: Destination, at now: Timestamp
  ) -> DeliveryJob {
    let envelope = Envelope.test(id, to: [recipient], at: now)
    let source = MailSource(
      envelope, queue: VolatileStore(), signer: nil, clock: ManualClock(), serverName: "us.example")
    let recipient = envelope.recipients[0]
    let domain: Domain? = if case .domain(let domain) = destination { domain } else { nil }
    return DeliveryJob(
      source: source, destination: destination, domain: domain, marks: CopyMarks(recipient),
      parcels: [
        Parcel(id: ParcelID(1), mailID: envelope.id, recipient: recipient, createdAt: now, expiresAt: now)
      ])
  }
}
