import MTACore
import MTATestSupport
import NIOCore
import Testing

@testable import MTADelivery

/// Several filters: who has the last word, and what each sees.
@Suite struct FilterChainTests {
  private struct Fixed: ContentFilter {
    let verdict: FilterVerdict
    func judge(_ mail: FilteredMail) async -> FilterVerdict { verdict }
  }

  private func judge(_ verdicts: FilterVerdict...) async -> FilterVerdict {
    let envelope = Envelope.test("m1", to: ["ann@a.example"], .local, at: Timestamp(milliseconds: 0))
    let mail = FilteredMail(
      envelope, to: ["ann@a.example"], StoredContent(trace: ByteBuffer(), content: ByteBuffer(string: "\r\n")))
    return await FilterChain(verdicts.map { Fixed(verdict: $0) }).judge(mail)
  }

  @Test func theFirstThatDoesNotPassDecides() async throws {
    let (one, two) = (try HeaderEdit(adding: "X-One", "1"), try HeaderEdit(adding: "X-Two", "2"))
    #expect(await judge(.pass, .pass) == .pass)
    #expect(await judge(.pass(adding: [one]), .pass, .pass(adding: [two])) == .pass(adding: [one, two]))
    #expect(await judge(.pass(adding: [one]), .hold("odd"), .discard("never asked")) == .hold("odd"))
    #expect(await judge(.defer("busy"), .reject("spam")) == .defer("busy"))
    #expect(await judge() == .pass)
  }
}
