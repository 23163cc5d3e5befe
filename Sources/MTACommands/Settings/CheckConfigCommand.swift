import ArgumentParser
import MTACore
import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// ```
/// $ ExampleServer check-config --config mta.json --report-burst 5
/// serverName = mail.village.example          (/etc/mta/mta.json)
/// reportBurst = 5                            (--report-burst)
/// …
/// ```
struct CheckConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Show every effective setting and where it comes from, and all problems at once.",
    discussion: """
      Nothing is started or changed. Files, permissions, certificate and key, passwords, users and ports are tried as well, as the user \
      who asks. No secret is shown. Exits 0 when a server would start, 64 when there are problems.
      """)

  @OptionGroup var file: SettingsFile
  @Flag(help: "Print one JSON object: files, settings (key, value, text, origin, secret), problems, warnings.")
  var json = false
  @Flag(help: "Print problems and warnings alone.") var quiet = false

  private struct Report: Encodable {
    struct Line: Encodable {
      var key: String
      var value: AttributeValue?
      var text: String
      var origin: String
      var secret: Bool
    }

    var files: [String]
    var settings: [Line]
    var problems: [String]
    var warnings: [String]
  }

  func run() async throws {
    let report = SettingsReport(
      contentsOf: try file.path(), arguments: file.set, environment: ProcessInfo.processInfo.environment)
    if json {
      try Output.json(
        Report(
          files: report.files,
          settings: quiet
            ? []
            : report.entries.map {
              Report.Line(
                key: $0.key, value: $0.value, text: $0.text, origin: "\($0.origin)", secret: $0.isSecret)
            }, problems: report.problems, warnings: report.warnings))
    } else {
      if !quiet { for entry in report.entries { Output.bytes(Array(Self.line(entry).utf8)) } }
      for warning in report.warnings { Output.complain("Warning: " + warning) }
      for problem in report.problems { Output.complain("Error: " + problem) }
    }
    if !report.isUsable { throw ExitCode(StartFailure.Kind.settings.exitCode) }
  }

  private static func line(_ entry: SettingsReport.Entry) -> String {
    let value = "\(entry.key) = \(entry.text)"
    return value + String(repeating: " ", count: max(1, 60 - value.count)) + "(\(entry.origin))\n"
  }
}
