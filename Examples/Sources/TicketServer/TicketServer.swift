import MTA

/// A help desk. Mail to `help@desk.example` becomes a ticket. There are no logins, and mail to other servers waits for the night.
///
/// It has its own hooks, agent, delivery hooks and logger. Everything else comes from the settings.
@main struct TicketServer {
  static func main() async throws {
    guard CommandLine.arguments.count > 1 else {
      print("Usage: TicketServer FILE [run-queue]")
      return
    }
    let settings = try Settings(contentsOf: CommandLine.arguments[1])
    let parts = MailServer.Parts(
      hooks: { Desk() }, deliveryHooks: { Nights(clock: SystemClock()) }, localAgent: { Tickets().agent },
      logger: { label in Logger(label: label) { StreamLogHandler.standardError(label: $0) } })
    if CommandLine.arguments.dropFirst(2).first == "run-queue" {
      print(try await MailServer.runQueue(settings, parts))  // for cron: the same parts
    } else {
      try await MailServer(settings, parts).runUntilSignal()
    }
  }
}

/// One mailbox, and its postmaster.
struct Desk {}

extension Desk: InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    mailbox.caseFolded == "help@desk.example" ? ClientRecord(mailboxID: "help") : nil
  }
}

/// The tickets: a number for each mail, and the same number if it is delivered again. They are lost at a restart; a real desk stores
/// `Envelope.id` with its tickets.
actor Tickets {
  private var numbers: [MailID: Int] = [:]

  func open(_ mail: MailID) -> Int {
    let number = numbers[mail] ?? numbers.count + 1
    numbers[mail] = number
    return number
  }

  nonisolated var agent: ClosureAgent {
    ClosureAgent { mail, recipients in
      let number = await self.open(mail.envelope.id)
      return recipients.map { _ in .delivered("ticket \(number)") }
    }
  }
}

/// From eight in the evening to six in the morning, UTC.
struct Nights {
  let clock: any WallClock
}

extension Nights: DeliveryHooks {
  func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict {
    let hour = clock.now.seconds / 3600 % 24
    guard delivery.destination != "local", (6..<20).contains(hour) else { return .proceed }
    return .delay(.seconds((20 - hour) * 3600), "mail to other servers goes at night")
  }
}
