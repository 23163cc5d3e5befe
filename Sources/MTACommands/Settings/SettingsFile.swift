import ArgumentParser
import MTACore
import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `--config FILE` and `--set KEY=VALUE`, which every command has that needs settings.
struct SettingsFile: ParsableArguments {
  @Option(help: "The settings file (JSON). Default: \(SettingsFile.order).") var config: String?

  @OptionGroup var overrides: SettingsOptions

  var set: [String] { overrides.set }

  /// Where settings are looked for, for people.
  static var order: String { "$MTA_CONFIG, ./mta.json or /etc/mta/mta.json" }

  /// The file that was named, or the first one that is there.
  func path() throws -> String {
    if let config { return config }
    do throws(SettingsPlace.Failure) { return try SettingsPlace.find() } catch { throw unusable(error.text) }
  }

  func source() throws -> SettingsSource { SettingsSource(path: try path(), arguments: set) }

  func read() throws -> Settings {
    let source = try source()
    do { return try source.settings() } catch {
      throw unusable("\(source.path ?? ""):\n" + error.problems.map { "  " + $0 }.joined(separator: "\n"))
    }
  }
}

/// `--set KEY=VALUE`.
struct SettingsOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A setting in place of the file's and the environment's (MTA_LOG_FILE …). Each has an option of its own, too: --log-file …",
      valueName: "key=value"))
  var set: [String] = []
}

/// Where settings are read from, now and after SIGHUP.
struct SettingsSource: Sendable {
  /// Nil: there is no file, and every setting that is not said has its default.
  var path: String?
  var arguments: [String] = []

  func settings() throws(SettingsFailure) -> Settings {
    let environment = ProcessInfo.processInfo.environment
    let overrides = try SettingsOverrides(arguments: arguments, environment: environment)
    guard let path else {
      return try Settings(["serverName": .text("localhost.invalid")], overriding: overrides, folder: ".")
    }
    return try Settings(contentsOf: path, overriding: overrides)
  }
}
