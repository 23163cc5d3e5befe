import MTA

/// The users: addresses, and the crypt(3) hashes of their passwords. Ann's password is "my-password".
struct Village {
  let hashes = ["ann@village.example": "$5$gJ0mE4tVqR$4h0S2q2/oRIG4ZqY6P5EeR3PL3mX.gkIFcgJOa9zND9"]
}

extension Village: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    let address = mailbox.caseFolded.description
    return hashes[address].map { _ in ClientRecord(mailboxID: address, ownerID: address) }
  }

  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    // A password is hashed for unknown users, too. So the time of the answer does not tell who exists.
    let hash = credentials.mailbox.flatMap { hashes[$0.caseFolded.description] }
    guard try await credentials.match(cryptHash: hash), let mailbox = credentials.mailbox else { return nil }
    return try await clientLookup(mailbox)
  }
}

@main struct FirstServer {
  static func main() async throws {
    var settings = try Settings(serverName: "mail.village.example")
    settings.listeningPorts = [ListenAddress(.loopback4, port: 2525)]
    settings.ehloDomainVerifies = false  // so that it runs without a network
    try await MailServer(settings) { Village() }.runUntilSignal()
  }
}
