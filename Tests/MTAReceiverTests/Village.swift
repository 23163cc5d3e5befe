import MTACore

/// The hooks of most tests: two members of `test.example`, passwords in clear.
struct Village {
  static let members = ["coco": "my-password", "mike": "other"]
  var log: [String] = []
}

extension Village: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    guard mailbox.domain == Domain("test.example"), Self.members[mailbox.caseFolded.localPart] != nil else {
      return nil
    }
    return ClientRecord(mailboxID: mailbox.caseFolded.localPart, ownerID: mailbox.caseFolded.localPart)
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    guard let mailbox = credentials.mailbox, Self.members[mailbox.localPart] == credentials.password else { return nil }
    return try await clientLookup(mailbox)
  }
}
