package import MTACore

/// An event of a mail for the endpoint of `eventsTo`, as it is stored.
package struct WebhookEvent: Hashable, Sendable {
  /// Its own name, which stays the same however often it is sent.
  package let id: String
  /// Events of one mail are sent in the order in which they were noted.
  package let mail: String
  package let at: Timestamp
  /// The body of the request.
  package let body: [UInt8]

  package init(id: String, mail: String, at: Timestamp, body: [UInt8]) {
    self.id = id
    self.mail = mail
    self.at = at
    self.body = body
  }

  /// Bytes in the file, about.
  var cost: Int { body.count + id.utf8.count + 2 * mail.utf8.count + 80 }
}

/// An event that is due to be sent.
package struct DueWebhook: Hashable, Sendable {
  /// Its place in the file.
  package let number: Int64
  package let id: String
  /// How often it was tried.
  package let attempts: Int
  package let body: [UInt8]
}

/// What became of an event that was sent.
package struct SentWebhook: Hashable, Sendable {
  let number: Int64
  let id: String
  /// When it is sent again; nil if the endpoint has it.
  package let next: Timestamp?

  package init(_ event: DueWebhook, next: Timestamp?) {
    number = event.number
    id = event.id
    self.next = next
  }
}

/// What an operator should know of the file of webhooks.
package enum WebhookNotice: Hashable, Sendable {
  /// The file was damaged. It is there now.
  case setAside(path: String)
  case failing(reason: String)
  /// After ``failing(reason:)``.
  case writing
  /// So many events were removed unsent: there was no room for them.
  case dropped(Int)
  /// So many events were removed unsent: their time was over.
  case expired(Int)
}
