import Foundation
import MTACore
import SuiteTurns
import Testing

/// `check-config`, as an operator types it, and as a program reads it. What it finds is tested by `SettingsReportTests`.
@Suite(.endsHangs)
struct CheckConfigCommandTests {
  private struct Report: Decodable {
    struct Line: Decodable {
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

  private static let hash = "$5$gJ0mE4tVqR$4h0S2q2/oRIG4ZqY6P5EeR3PL3mX.gkIFcgJOa9zND9"

  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.file("mta.json").path
  }

  private func write(_ more: String) throws {
    let text = #"{"serverName": "us.example", "isolation": "inProcess", "listeningPorts": ["127.0.0.1:0"], \#(more)}"#
    try Data(text.utf8).write(to: folder.file("mta.json"))
  }

  private func check(_ arguments: String...) async throws -> Command.Run {
    try await Command.run(["check-config", "--config", file] + arguments)
  }

  @Test func settingsThatServeExitWithZero() async throws {
    try write(#""users": {"ann@us.example": "\#(Self.hash)"}, "reportBurst": 3, "mtaSTS": false"#)
    let run = try await check("--json", "--report-interval", "2.5", "--set", "reportBurst=4")
    let report: Report = try run.json()
    #expect(run.status == 0 && report.problems.isEmpty, "\(run.complaint)")
    #expect(report.files.count == 1 && report.files[0].hasSuffix("/mta.json"))
    let lines = Dictionary(uniqueKeysWithValues: report.settings.map { ($0.key, $0) })
    #expect(lines["reportBurst"]?.value == .integer(4) && lines["reportBurst"]?.origin == "--set")
    #expect(lines["reportInterval"]?.value == .number(2.5) && lines["reportInterval"]?.origin == "--report-interval")
    #expect(lines["mtaSTS"]?.value == .flag(false) && lines["mtaSTS"]?.origin == report.files[0])
    #expect(lines["receiverTimeout"]?.text == "300" && lines["receiverTimeout"]?.origin == "default")
    let users = try #require(lines["users"])
    #expect(users.secret && users.value == nil && users.text == "(1 entry, not shown)")
    #expect(!run.text.contains(Self.hash) && !run.complaint.contains(Self.hash))
  }

  @Test func problemsExitWith64AndStandOnStandardError() async throws {
    try write(#""users": {"ann@us.example": "my-password"}, "reportBurst": 0"#)
    let run = try await check()
    #expect(run.status == 64)
    #expect(
      run.text.split(separator: "\n").contains { $0.hasPrefix("serverName = us.example ") && $0.hasSuffix("mta.json)") }
    )
    #expect(run.complaint.contains("Error: reportBurst: must be a whole number"))
    #expect(run.complaint.contains("Error: users: ann@us.example: "))
    #expect(run.complaint.contains("Warning: localDomains: none"))
    let quiet = try await check("--quiet")
    #expect(quiet.status == 64 && quiet.text.isEmpty && quiet.complaint == run.complaint)
    let json = try await check("--json", "--quiet")
    let report: Report = try json.json()
    #expect(json.status == 64 && report.settings.isEmpty && report.problems.count == 2)
    for said in [run, quiet, json] {
      #expect(!said.text.contains("my-password") && !said.complaint.contains("my-password"))
    }
  }

  @Test func aFileThatIsNotThereExitsWith64() async throws {
    let run = try await check("--json")
    let report: Report = try run.json()
    #expect(run.status == 64 && report.problems.count == 1)
    #expect(try await Command.run("check-config").status == 64)
  }
}
