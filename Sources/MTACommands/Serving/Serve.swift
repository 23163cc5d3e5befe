import ArgumentParser
import MTACore
import MTAReceiver
import MTAServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct Serve<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "serve", abstract: "Receive and deliver mail until SIGINT or SIGTERM.",
      discussion: """
        SIGHUP reads settings and certificates anew, and reopens the log file. SIGUSR2 starts the program anew, which may be another \
        version by now (see upgrade). If any of it is unusable, nothing changes. \
        Exits 0 after an orderly shutdown, 64 for settings that cannot be used, 75 when another server holds the lock file \
        or the queue, 78 when the database was written by a newer program, 130 or 143 when a second signal ended it at once, 1 for any \
        other failure.
        """)
  }

  @OptionGroup var file: SettingsFile

  @Flag(
    help: """
      Detach from the terminal. Returns 0 when the server listens; otherwise its exit code, with what it said. It has no standard error,
      so it needs logFile, or another logTarget.
      """)
  var daemonize = false

  func run() async throws {
    // One that comes before the server stands asks for what is about to be read.
    for number in [SIGHUP, SIGUSR2] { signal(number, SIG_IGN) }
    let settings = try file.read()
    let source = try file.source()
    try await explained {
      if daemonize { throw ExitCode(try detached(settings)) }
      let reload = { @Sendable () async throws -> MailServer.Reload in .init(try source.settings()) }
      try await MailServer(settings, try Program.parts(settings), reloading: reload).runUntilSignal()
    }
  }

  private func detached(_ settings: Settings) throws -> Int32 {
    if settings.logTarget == .stderr || settings.logTarget == .file && settings.logFile == nil {
      throw StartFailure(
        "logFile: needed by --daemonize, or another logTarget: a detached server has no standard error")
    }
    return try MailServer.startDetached(arguments: CommandLine.arguments.dropFirst().filter { $0 != "--daemonize" })
  }
}

struct RunQueue<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "run-queue", abstract: "Deliver everything that is due, once: for cron.",
      discussion:
        """
        Prints the numbers of outcomes. Exits 0 also when mail was deferred, 64 for settings that cannot be used, 78 when the database \
        was written by a newer program, 1 for any other failure. On a terminal it shows how many copies are done, are left, and are done \
        in a second.
        """
    )
  }

  @OptionGroup var file: SettingsFile

  func run() async throws {
    let settings = try file.read()
    try await explained {
      var parts = try Program.parts(settings)
      guard Terminal.isComplaint else { return print(try await MailServer.runQueue(settings, parts)) }
      let progress = QueueProgress()
      parts.watch(by: progress)
      defer { progress.end() }
      let summary = try await MailServer.runQueue(settings, parts) { progress.begin(due: $0) }
      progress.end()
      print(summary)
    }
  }
}

/// A setting at fault is told as such, with exit code 64, and what else prevents a start with the code of its kind. Other failures are
/// left to be told with 1.
func explained(_ body: () async throws -> Void) async throws {
  do { try await body() } catch let failure as SettingsFailure {
    throw unusable(failure.description)
  } catch let failure as StartFailure {
    throw unusable(failure.description, failure.exitCode)
  } catch let failure as StoreFailure {
    throw refusal(failure.sentence)
  } catch is OutputStream.Left {
    throw ExitCode.success
  }
}

/// Says what is wrong with the settings, and no more: how the command is used is not the question. Exit code 64 is EX_USAGE of
/// sysexits.h.
func unusable(_ problem: String, _ code: Int32 = StartFailure.Kind.settings.exitCode) -> ExitCode {
  Output.complain("Error: " + problem)
  return ExitCode(code)
}
