import MTACore
import MTASystem

/// Copies of one mail for one destination: one transaction.
struct DeliveryJob: Sendable {
  let source: MailSource
  var destination: Destination
  /// The domain whose servers are looked up; nil if there is none.
  let domain: Domain?
  /// What these copies have in addition to the mail's own text and sender.
  let marks: CopyMarks
  /// Sorted by recipient (Q2).
  let parcels: [Parcel]
  /// The lanes in which they waited.
  let lanes: Set<String>
  /// When the runner got it.
  let takenAt = MonotonicInstant.now

  init(source: MailSource, destination: Destination, domain: Domain?, marks: CopyMarks, parcels: [Parcel]) {
    self.source = source
    self.destination = destination
    self.domain = domain
    self.marks = marks
    self.parcels = parcels
    lanes = Set(parcels.lazy.map(\.lane))
  }

  var priority: Int { source.envelope.requests.priority }

  /// Splits a mail's due parcels by destination, and forwarded ones by their forwarder.
  ///
  /// - Parameter places: the places to which hooks send single parcels, other than their address.
  static func split(
    _ mail: ClaimedMail, _ source: MailSource, _ router: Router, places: [ParcelID: DeliveryPlace] = [:]
  ) -> [DeliveryJob] {
    struct Group: Hashable {
      let destination: Destination
      let marks: CopyMarks
    }
    let groups = Dictionary(grouping: mail.parcels) { parcel in
      Group(
        destination: places[parcel.id].map(Destination.init)
          ?? Destination(parcel.recipient, router),
        marks: CopyMarks(parcel.recipient))
    }
    return groups.map { group, parcels in
      let domain: Domain? = if case .domain(let domain) = group.destination { domain } else { nil }
      return DeliveryJob(
        source: source, destination: group.destination, domain: domain, marks: group.marks,
        parcels: parcels.sorted {
          ("\($0.recipient.mailbox.domain.canonical)", $0.recipient.mailbox.localPart, $0.id)
            < ("\($1.recipient.mailbox.domain.canonical)", $1.recipient.mailbox.localPart, $1.id)
        })
    }
    .sorted { "\($0.destination)" < "\($1.destination)" }
  }
}
