import ArgumentParser

/// ```
/// $ ExampleServer queue list --domain far.example --older-than 1h
/// ID                AGE   SIZE  STATE    TRIES  NEXT  RECIPIENT      SENDER            MESSAGE
/// 1wKf0g-2xK9aT-3F  4h05  1.2k  waiting      6   39m  b@far.example  a@client.example  450 4.2.1 full
/// $ ExampleServer queue retry --domain far.example --yes
/// 1 copy is due now
/// ```
struct QueueCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "queue", abstract: "Look at waiting mail, and decide about it.",
      discussion: """
        Works with and without a running server, which sees a change within seconds. What is chosen is a copy: one recipient of a mail.
        Exits 0 when it is done, 1 when there is no such mail or for any other failure, 64 for settings or arguments that cannot be used.

        Example: \(ProgramName.own) queue list --domain example.com --older-than 1h
        """,
      subcommands: [
        QueueList<Program>.self, QueueSummary<Program>.self, QueueShow<Program>.self, QueueCat<Program>.self,
        QueueHold<Program>.self, QueueRelease<Program>.self, QueueRetry<Program>.self, QueueBounce<Program>.self,
        QueueMove<Program>.self, QueueDelete<Program>.self, QueueSuspend<Program>.self, QueueResume<Program>.self,
      ])
  }
}
