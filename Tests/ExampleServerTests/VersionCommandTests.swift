import SuiteTurns
import Testing

@Suite(.endsHangs) struct VersionCommandTests {
  private struct Report: Decodable {
    struct Component: Decodable {
      var name, version: String
    }
    var version: String
    var components: [Component]
  }

  @Test func aReportOfAFaultCanNameAllParts() async throws {
    let report: Report = try await Command.run("version", "--json").json()
    #expect(report.components.prefix(3).map(\.name) == ["Swift", "SQLite", "OpenSSL"])
    #expect(report.components.count == 4)
    for component in report.components { #expect(component.version.first?.isNumber == true, "\(component)") }
    let text = try await Command.run("version").text
    #expect(text.hasPrefix("SwiftMTA \(report.version)\n"))
    for component in report.components { #expect(text.contains("\(component.name) \(component.version)")) }
  }
}
