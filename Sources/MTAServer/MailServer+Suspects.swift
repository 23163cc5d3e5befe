import Logging
import MTACore
import MTASystem

extension MailServer {
  /// Alerts the postmaster about mails that are held because our own work broke off twice: at the start and when it happens, at most
  /// once a day.
  func watchSuspects() async {
    let (bell, ring) = rooms.open.suspects
    // What comes within a day of the last word is told when the day is over.
    let hourly = Task {
      while !Task.isCancelled {
        ring.yield()
        do { try await Task.sleep(for: .seconds(3600)) } catch { return }
      }
    }
    defer { hourly.cancel() }
    for await _ in bell { await tellOfSuspects() }
  }

  private func tellOfSuspects() async {
    let held: [HeldSuspect]
    do throws(StoreFailure) {
      held = try await rooms.store.takeSuspectsToTell(at: SystemClock().now)
    } catch { return logger.error("held mails cannot be looked up: \(error)") }
    guard !held.isEmpty else { return }
    let text = """
      The mails below are held: the program itself broke off twice while it read, converted or signed them.
      Other mail goes on.

      \(held.map { "\($0.id): \($0.cause)" }.joined(separator: "\n"))

      "queue list --held" shows them. "queue release ID" has one tried again. Please report such a mail to
      the makers of the program.
      """
    do {
      try await alert(to: settings.postmasterName, subject: "Mail is held: the program broke off at it", text: text)
    } catch {
      logger.error("the alert about held mail cannot be queued: \(error)")
      try? await rooms.store.untell(held)
    }
  }
}
