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
