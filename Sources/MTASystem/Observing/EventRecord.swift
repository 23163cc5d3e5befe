package import MTACore

/// One event of a mail or a client, as it is kept: fields as in a line of the log.
///
/// Its bytes may be a stranger's. Who reads it uses ``MTACore/LogFieldReader``, which takes any bytes.
package struct EventRecord: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    /// A mail is on stable storage.
    case accepted = 1
    /// A hook dropped a mail.
    case discarded = 2
    /// A client got a 4yz or 5yz answer.
    case refused = 3
    /// Credentials were wrong.
    case loginRefused = 4
    /// An attempt to deliver a copy ended.
    case attempted = 5
    /// A report to a sender is in the queue.
    case reported = 6

    /// Those that a process without a queue tells of.
    package var isOfReceiver: Bool {
      switch self {
      case .accepted, .discarded, .refused, .loginRefused: true
      case .attempted, .reported: false
      }
    }
  }

  /// The part of the file that has it. Each has a share of the room, so that what strangers do cannot push out what became of mails.
  package enum Shelf: String, Hashable, Sendable, CaseIterable {
    /// What became of accepted mail.
    case mails
    /// Mail that was refused: the client had named a sender.
    case refusals
    /// All else that was refused.
    case strangers
  }

  package var kind: Kind
  package var at: Timestamp
  package var shelf: Shelf
  package var mail: MailID?
  /// Nil for what no client did.
  package var client: IPAddress?
  package var fields: [UInt8]

  /// Of ``fields``, at most. What is longer is not kept.
  package static let maximumBytes = 57_344

  package init(
    _ kind: Kind, at: Timestamp, on shelf: Shelf, mail: MailID?, client: IPAddress? = nil, fields: [UInt8]
  ) {
    self.kind = kind
    self.at = at
    self.shelf = shelf
    self.mail = mail
    self.client = client
    self.fields = fields
  }
}
