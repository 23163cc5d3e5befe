import ArgumentParser
import MTACore
import MTAReceiver
import MTAServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Receive and deliver mail until SIGINT or SIGTERM.",
    discussion: "Exits 0 after an orderly shutdown, 64 for settings that cannot be used, 1 for any other failure.")

  @OptionGroup var file: SettingsFile

  func run() async throws {
    let settings = try file.read()
    try await explained { try await MailServer(settings) { UserHooks(settings.users) }.runUntilSignal() }
  }
}

struct RunQueue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Deliver everything that is due, once: for cron.",
    discussion:
      "Prints what became of it. Exits 0 also when mail was deferred, 64 for settings that cannot be used, 1 for any other failure."
  )

  @OptionGroup var file: SettingsFile

  func run() async throws {
    let settings = try file.read()
    try await explained { print(try await MailServer.runQueue(settings)) }
  }
}

/// `--config FILE`, which every command has.
struct SettingsFile: ParsableArguments {
  @Option(help: "The settings file (JSON).") var config: String

  func read() throws -> Settings {
    do { return try Settings(contentsOf: config) } catch {
      standardError("ExampleServer: \(config):\n" + error.problems.map { "  " + $0 }.joined(separator: "\n"))
      throw ExitCode(EX_USAGE)
    }
  }
}

/// Tells failures in a sentence, with the exit code that fits: 64 where a setting is at fault.
private func explained(_ body: () async throws -> Void) async throws {
  do { try await body() } catch let failure as SettingsFailure {
    standardError("ExampleServer: \(failure)")
    throw ExitCode(EX_USAGE)
  } catch let failure as StartFailure {
    standardError("ExampleServer: \(failure)")
    throw ExitCode(EX_USAGE)
  } catch {
    standardError("ExampleServer: \(error)")
    throw ExitCode.failure
  }
}

private func standardError(_ text: String) { fputs(text + "\n", stderr) }
