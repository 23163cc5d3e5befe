import MTACore

/// Copies of one mail for one destination: one transaction.
struct DeliveryJob: Sendable {
  let source: MailSource
  let destination: Destination
  /// What these copies have beside the mail's own text and sender.
  let marks: CopyMarks
  /// Sorted by recipient (Q2).
  let parcels: [Parcel]

  /// Takes a mail's due parcels apart by destination, and those that are forwarded by who forwards them.
  static func split(_ mail: ClaimedMail, _ source: MailSource, hasSmarthost: Bool) -> [DeliveryJob] {
    struct Group: Hashable {
      let destination: Destination
      let marks: CopyMarks
    }
    let groups = Dictionary(grouping: mail.parcels) {
      Group(destination: Destination($0.recipient, hasSmarthost: hasSmarthost), marks: CopyMarks($0.recipient))
    }
    return groups.map { group, parcels in
      DeliveryJob(
        source: source, destination: group.destination, marks: group.marks,
        parcels: parcels.sorted {
          ("\($0.recipient.mailbox.domain)", $0.recipient.mailbox.localPart, $0.id)
            < ("\($1.recipient.mailbox.domain)", $1.recipient.mailbox.localPart, $1.id)
        })
    }
    .sorted { "\($0.destination)" < "\($1.destination)" }
  }
}
