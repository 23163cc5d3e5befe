import MTASystem
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `Docs/METRICS.md` against the table of metrics.
@Suite struct MetricsDocumentationTests {
  @Test func thePageIsUpToDate() throws {
    var folder = URL(filePath: #filePath)
    for _ in 0..<4 { folder.deleteLastPathComponent() }
    let page = try String(contentsOf: folder.appending(path: "Docs/METRICS.md"), encoding: .utf8)
    #expect(page == MetricsPage.text, "write it anew: ExampleServer metrics --markdown > Docs/METRICS.md")
  }

  private struct Dashboard: Decodable {
    struct Panel: Decodable {
      struct Target: Decodable { var expr: String }
      struct Place: Decodable { var x, y, w, h: Int }
      var id: Int
      var type, title: String
      var gridPos: Place
      var targets: [Target]?
    }
    var title: String
    var panels: [Panel]
  }

  /// `Deploy/grafana.json` asks for metrics and labels that there are.
  @Test func theDashboardAsksForWhatThereIs() throws {
    var folder = URL(filePath: #filePath)
    for _ in 0..<4 { folder.deleteLastPathComponent() }
    let data = try Data(contentsOf: folder.appending(path: "Deploy/grafana.json"))
    let panels = try JSONDecoder().decode(Dashboard.self, from: data).panels
    let shown = panels.filter { $0.type != "row" }
    #expect(shown.count >= 20 && Set(panels.map(\.id)).count == panels.count)
    let families = Dictionary(uniqueKeysWithValues: MeterTable.own.families.map { ($0.name, $0) })
    for panel in shown {
      #expect(panel.gridPos.x + panel.gridPos.w <= 24 && panel.gridPos.h > 0, "\(panel.title)")
      #expect(panel.targets?.isEmpty == false, "\(panel.title)")
      for target in panel.targets ?? [] {
        let names = Self.words(of: target.expr).filter { $0.hasPrefix("mta_") }
        #expect(names.count == 1, "\(target.expr)")
        for name in names {
          // The page has it from nowhere else.
          if name == "mta_build_info" { continue }
          let base = name.hasSuffix("_bucket") ? String(name.dropLast("_bucket".count)) : name
          let family = try #require(families[base], "\(name)")
          #expect((family.kind == .histogram) == (base != name), "\(name)")
          // Labels that it groups by, but the one of histograms.
          if let group = target.expr.split(separator: "by (", maxSplits: 1).dropFirst().first?.prefix(while: {
            $0 != ")"
          }) {
            let labels = Self.words(of: String(group)).filter { $0 != "le" }
            #expect(Set(labels).isSubset(of: family.labels.map(\.name)), "\(target.expr)")
          }
        }
      }
    }
  }

  private static func words(of text: String) -> [String] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
  }

  @Test func namesFollowThoseOfPrometheus() {
    let families = MeterTable.own.families
    #expect(families.count >= 25)
    #expect(Set(families.map(\.name)).count == families.count)
    for family in families {
      #expect(family.name.hasPrefix("mta_"))
      #expect(family.name.hasSuffix("_total") == (family.kind == .counter), "\(family.name)")
      #expect(family.help.hasSuffix("."), "\(family.name)")
      for label in family.labels {
        #expect(Set(label.values).count == label.values.count, "\(family.name) \(label.name)")
        // Each fits between quotes as it is.
        #expect(label.values.allSatisfy { $0.utf8.allSatisfy { $0 > 31 && $0 < 127 && $0 != 34 && $0 != 92 } })
      }
    }
  }
}
