import MTACore

/// Copies of one mail for one destination: one transaction.
struct DeliveryJob: Sendable {
  let source: MailSource
  let destination: Destination
  /// Sorted by recipient (Q2).
  let parcels: [Parcel]

  /// Takes a mail's due parcels apart by destination.
  static func split(_ mail: ClaimedMail, _ source: MailSource, _ router: Router) -> [DeliveryJob] {
    let groups = Dictionary(grouping: mail.parcels) { Destination($0.recipient, router) }
    return groups.map { destination, parcels in
      DeliveryJob(
        source: source, destination: destination,
        parcels: parcels.sorted {
          ("\($0.recipient.mailbox.domain)", $0.recipient.mailbox.localPart, $0.id)
            < ("\($1.recipient.mailbox.domain)", $1.recipient.mailbox.localPart, $1.id)
        })
    }
    .sorted { "\($0.destination)" < "\($1.destination)" }
  }
}
