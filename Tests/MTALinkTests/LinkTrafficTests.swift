import Testing

@testable import MTALink

/// Which messages wait, so that one call sends many.
struct LinkTrafficTests {
  @Test func aLinkAtRestWaitsForNothing() {
    var traffic = LinkTraffic()
    #expect(traffic.isEmpty)
    let commit = traffic.began(1, .commit)
    #expect(!commit && !traffic.isEmpty)
    traffic.ended(1)
    #expect(traffic.isEmpty)
    let question = traffic.began(2, .short)
    #expect(!question && !traffic.isEmpty)
  }

  @Test func commitsWaitForCommitsAndQuestionsForQuestions() {
    var traffic = LinkTraffic()
    // What may take long is sent at once, and nothing waits for it.
    let kinds: [LinkTraffic.Kind] = [.commit, .short, .commit, .short, .long, .long]
    let waits = kinds.enumerated().map { traffic.began(UInt64($0.offset), $0.element) }
    #expect(waits == [false, false, true, true, false, false])
    for number: UInt64 in 0...3 { traffic.ended(number) }
    #expect(traffic.isEmpty)
    let next = traffic.began(6, .commit)
    #expect(!next)
  }

  @Test func noMoreThanSixtyFourWait() {
    var traffic = LinkTraffic()
    let waits = (0...66).map { traffic.began($0, .commit) }
    #expect(waits == [false] + Array(repeating: true, count: 64) + [false, true])
  }

  @Test func anAnswerThatNobodyAwaitsEndsNothingElse() {
    var traffic = LinkTraffic()
    _ = traffic.began(1, .commit)
    traffic.ended(7)
    #expect(!traffic.isEmpty)
    let next = traffic.began(2, .commit)
    #expect(next)
  }
}
