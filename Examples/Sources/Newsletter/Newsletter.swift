import MTA

/// A program that only delivers: a queue, a runner, a resolver, and no receiver. Run it again, or from cron, for what was
/// deferred: `Newsletter news@example.org SUBJECT TEXT [READER …]`.
@main struct Newsletter {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count >= 3, let sender = arguments.first.flatMap({ Mailbox($0) }) else {
      print("Usage: Newsletter SENDER SUBJECT TEXT [READER …]")
      return
    }
    let words = Array(arguments.dropFirst())
    let store = try MailStore(.init(database: "newsletter.db", queue: "newsletter-queue"))
    let mailing = Mailing(queue: store, sender: sender, clock: SystemClock())
    try await mailing.send(subject: words[0], text: words[1], to: words.dropFirst(2).compactMap { Mailbox($0) })

    var configuration = QueueRunner.Configuration(serverName: "newsletter.\(sender.domain)")
    configuration.destinationLimit = DestinationLimit(deliveries: 2)
    let runner = try QueueRunner(queue: store, dns: DNSResolver(), configuration: configuration)
    print(try await runner.runOnce())  // 12 delivered, 1 deferred, 0 failed, 0 held
    await store.close()
  }
}
