import Testing

@testable import MTADelivery

struct LinkDeadlinesTests {
  @Test func onlyAnEarlierDeadlineNeedsAnotherAlarm() {
    var deadlines = LinkDeadlines()
    #expect(deadlines.alarmToSet() == nil)
    deadlines.step = .seconds(300)
    #expect(deadlines.alarmToSet() == .seconds(300))
    // It moves with each reply.
    deadlines.step = .seconds(310)
    #expect(deadlines.alarmToSet() == nil)
    deadlines.step = .seconds(20)
    #expect(deadlines.alarmToSet() == .seconds(20))
  }

  @Test func anAlarmThatRingsTooSoonIsSetAnew() {
    var deadlines = LinkDeadlines()
    deadlines.step = .seconds(300)
    _ = deadlines.alarmToSet()
    deadlines.step = .seconds(310)
    #expect(deadlines.rang(at: .seconds(300)) == false)
    #expect(deadlines.alarmToSet() == .seconds(310))
    #expect(deadlines.rang(at: .seconds(310)) == true)
  }

  @Test func theEarlierOfTheTwoCounts() {
    var deadlines = LinkDeadlines()
    deadlines.step = .seconds(300)
    deadlines.mail = .seconds(200)
    #expect(deadlines.alarmToSet() == .seconds(200))
    #expect(deadlines.rang(at: .seconds(200)) == true)
    // Nothing is waited for: the connection is idle.
    deadlines = LinkDeadlines()
    #expect(deadlines.rang(at: .seconds(1000)) == false)
  }
}
