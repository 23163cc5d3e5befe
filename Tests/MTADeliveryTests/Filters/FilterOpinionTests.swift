import MTACore
import Testing

@testable import MTADelivery

struct FilterOpinionTests {
  private func opinion(
    _ points: Double, _ action: FilterOpinion.Action, tests: [FilterOpinion.Test] = [], message: String? = nil
  ) -> FilterOpinion {
    FilterOpinion(points: points, required: 5, action: action, tests: tests, message: message)
  }

  @Test(arguments: [
    (FilterOpinion.Action.reject, "hold no"), (.hold, "hold no"), (.discard, "discard no"), (.defer, "defer no"),
    (.deliver, "pass\nX-Spam-Status: No, score=6.00 required=5.00 tests=none\n"),
    (.mark(subject: nil), "pass\nX-Spam-Status: Yes, score=6.00 required=5.00 tests=none\n"),
  ])
  func actions(_ action: FilterOpinion.Action, _ expected: String) {
    #expect(opinion(6, action, message: "no").verdict(ContentFilterOptions()).told.hasPrefix(expected))
  }

  /// A bounce goes to an address that is most often forged, so only who asks for it gets it.
  @Test func theServersWordToReject() {
    var options = ContentFilterOptions()
    for (rejecting, expected) in [
      (ContentFilterOptions.Rejecting.hold, "hold no"), (.bounce, "reject no"), (.discard, "discard no"),
    ] {
      options.onReject = rejecting
      #expect(opinion(6, .reject, message: "no").verdict(options).told.hasPrefix(expected))
      // The operator's own points bounce all the same.
      var points = options
      points.rejectsFrom = 6
      #expect(opinion(6, .reject, message: "no").verdict(points).told.hasPrefix("reject no"))
    }
  }

  /// The severer counts: the server's word, or the points.
  @Test func pointsAndActions() {
    var options = ContentFilterOptions()
    (options.holdsFrom, options.rejectsFrom) = (5, 10)
    options.onReject = .bounce
    #expect(opinion(4, .deliver).verdict(options).told.hasPrefix("pass"))
    #expect(opinion(5, .deliver).verdict(options).told.hasPrefix("hold"))
    #expect(opinion(5, .defer).verdict(options).told.hasPrefix("hold"))
    #expect(opinion(5, .reject).verdict(options).told.hasPrefix("reject"))
    #expect(opinion(5, .discard).verdict(options).told.hasPrefix("discard"))
    #expect(opinion(10, .discard).verdict(options).told.hasPrefix("reject"))
  }

  @Test(arguments: [
    (0.0, "0.00"), (-0.0, "0.00"), (-0.004, "0.00"), (-0.25, "-0.25"), (7, "7.00"), (7.004, "7.00"), (12.349, "12.35"),
    (99_999, "99999.00"), (1e300, "0.00"), (.nan, "0.00"), (-.infinity, "0.00"),
  ])
  func points(_ value: Double, _ text: String) {
    #expect(FilterText.points(value) == text)
  }

  @Test func aHeaderIsBounded() throws {
    let tests = (0..<5000).map { FilterOpinion.Test(name: FilterText.testName("TEST_\($0)".utf8), points: 99_999) }
    guard case .pass(let fields) = opinion(99_999, .mark(subject: nil), tests: tests).verdict(ContentFilterOptions())
    else {
      Issue.record("not passed")
      return
    }
    #expect(fields.map(\.name) == ["X-Spam-Status", "X-Spam-Score", "X-Spam-Level", "X-Spam-Flag"])
    #expect(fields[0].line.hasSuffix("and 4940 more\r\n"))
    #expect(fields[0].line.utf8.count < 4000)
    #expect(fields[2].line == "X-Spam-Level: " + String(repeating: "*", count: 50) + "\r\n")
    for line in fields[0].line.split(separator: "\r\n") { #expect(line.utf8.count <= 78) }
  }

  @Test func aNameIsMadeOfHarmlessOctets() {
    #expect(FilterText.testName("A\r\nBcc: x\u{0}é".utf8) == "A__Bcc:_x___")
    #expect(FilterText.testName(String(repeating: "A", count: 100).utf8).count == 64)
  }

  /// What cannot stand in a header is no subject.
  @Test(arguments: [
    ("[SPAM] hello", true), ("a\r\nBcc: x@y.example", false), ("\u{0}", false), ("grüße", false),
    (String(repeating: "x", count: 20_000), false),
  ])
  func subjects(_ subject: String, _ stands: Bool) {
    guard case .pass(let fields) = opinion(6, .mark(subject: subject)).verdict(ContentFilterOptions()) else {
      Issue.record("not passed")
      return
    }
    #expect(fields.contains { $0.name == "Subject" } == stands)
    #expect(fields.contains { $0.name == "X-Spam-Flag" })
  }
}
