import MTA

/// Puts the issues of a newsletter into a queue. Once `send` returns, the mail is on stable storage: it is delivered, or its
/// failure reported to `sender`, whatever happens to the program.
struct Mailing {
  let queue: any MessageStore
  let sender: Mailbox
  let clock: any WallClock

  func send(subject: String, text: String, to readers: [Mailbox]) async throws {
    for reader in readers {
      let now = clock.now
      let id = MailID(at: now, random: .random(in: 0 ... .max))
      let spool = try await queue.begin(id)
      try await spool.append(
        ByteBuffer(
          string: """
            From: <\(sender)>\r
            To: <\(reader)>\r
            Subject: \(subject)\r
            Date: \(now.internetMessageDate)\r
            Message-ID: <\(id)@\(sender.domain)>\r
            List-Id: <news.\(sender.domain)>\r
            \r
            \(text)\r

            """))
      let envelope = Envelope(
        id: id, reversePath: .mailbox(sender), recipients: [EnvelopeRecipient(reader)], isSubmission: true,
        receivedAt: now)
      _ = try await spool.commit(envelope, trace: ByteBuffer())
    }
  }
}

/// Newsletters can wait: this keeps them out of the way of other mail at rush hour.
struct OffPeak: DeliveryHooks {
  let isRushHour: @Sendable () -> Bool

  func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict {
    isRushHour() ? .delay(.seconds(3600), "rush hour") : .proceed
  }
}
