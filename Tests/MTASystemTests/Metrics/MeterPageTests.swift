import MTASystem
import NIOCore
import Testing

/// Counting in a page, and the sum of pages.
@Suite struct MeterPageTests {
  private let table = MeterTable.own

  @Test func whatIsCountedIsInTheSum() {
    let meters = Meters(MeterPage())
    meters.add(table.sessions, 0)
    meters.add(table.sessions, 2, by: 41)
    meters.set(table.connections, to: 7)
    meters.set(table.connections, to: 5)
    meters.record(table.commitTime, time: .milliseconds(3))
    let sum = MeterSum([meters.page])
    #expect(sum.value(table.sessions, 0) == 1)
    #expect(sum.value(table.sessions, 2) == 41)
    #expect(sum.value(table.connections) == 5)
    #expect(sum.count(table.commitTime) == 1)
  }

  @Test func noSeriesSharesASlotWithAnother() {
    let meters = Meters(MeterPage())
    var expected: [String] = []
    for family in table.families where family.kind == .counter && family.labels.count == 3 {
      for (a, first) in family.labels[0].values.enumerated() {
        for (b, second) in family.labels[1].values.enumerated() {
          for (c, third) in family.labels[2].values.enumerated() {
            let count = a * 1000 + b * 10 + c + 1
            let place = family.name == "mta_refusals_total" ? table.refusals : table.deliveries
            meters.add(place, a, b, c, by: count)
            let names = family.labels.map(\.name)
            expected.append(
              "\(family.name){\(names[0])=\"\(first)\",\(names[1])=\"\(second)\",\(names[2])=\"\(third)\"} \(count)")
          }
        }
      }
    }
    let lines = Set(String(buffer: MeterSum([meters.page]).text(version: "1")).split(separator: "\n").map(String.init))
    #expect(expected.count > 1000)
    #expect(expected.allSatisfy { lines.contains($0) })
  }

  @Test func placesBeyondTheLastAreTheLast() {
    let meters = Meters(MeterPage())
    meters.add(table.logins, 99)
    meters.add(table.logins, -1)
    #expect(MeterSum([meters.page]).value(table.logins, 1) == 1)
    #expect(MeterSum([meters.page]).value(table.logins, 0) == 1)
  }

  @Test func sumsOfSpoiledPagesAreBounded() {
    let (first, second) = (Meters(MeterPage()), Meters(MeterPage()))
    for meters in [first, second] {
      meters.add(table.accepted, by: .max)
      meters.add(table.accepted, by: .max)
      for value in [0, 1, Int.max] { meters.record(table.mailSize, value: value) }
    }
    let sum = MeterSum([first.page, second.page])
    #expect(sum.value(table.accepted) == .max)
    #expect(sum.text(version: "1").readableBytes > 1000)
  }

  @Test func timesAreTextsOfSeconds() {
    let meters = Meters(MeterPage())
    meters.set(table.processorTime, 0, to: 1_500_000)
    meters.set(table.processorTime, 1, to: 7)
    meters.set(table.processorTime, 2, to: 3_000_000)
    let text = String(buffer: MeterSum([meters.page]).text(version: "1"))
    #expect(text.contains("mta_process_cpu_seconds_total{role=\"standalone\"} 1.5\n"))
    #expect(text.contains("mta_process_cpu_seconds_total{role=\"master\"} 0.000007\n"))
    #expect(text.contains("mta_process_cpu_seconds_total{role=\"queue\"} 3\n"))
  }

  @Test func bucketsAreCumulative() {
    let meters = Meters(MeterPage())
    for value in [0, 1, 2, 300] { meters.record(table.commitMails, value: value) }
    let text = String(buffer: MeterSum([meters.page]).text(version: "1"))
    for line in [
      "mta_commit_mails_bucket{le=\"0\"} 1", "mta_commit_mails_bucket{le=\"1\"} 2",
      "mta_commit_mails_bucket{le=\"2\"} 3",
      "mta_commit_mails_bucket{le=\"256\"} 3", "mta_commit_mails_bucket{le=\"+Inf\"} 4", "mta_commit_mails_sum 303",
      "mta_commit_mails_count 4",
    ] {
      #expect(text.contains(line + "\n"), "\(line)")
    }
  }

  @Test func countsOfOneThatEndedGoToAnother() {
    let (master, child) = (Meters(MeterPage()), Meters(MeterPage()))
    master.add(table.accepted, by: 2)
    child.add(table.accepted, by: 40)
    child.set(table.connections, to: 9)
    child.record(table.mailSize, value: 10)
    let before = MeterSum([master.page, child.page])
    #expect(before.value(table.accepted) == 42)
    #expect(before.value(table.connections) == 9)
    master.page.takeOver(child.page)
    // A second word of the same end changes nothing.
    master.page.takeOver(child.page)
    for after in [MeterSum([master.page, child.page]), MeterSum([master.page])] {
      #expect(after.value(table.accepted) == 42)
      #expect(after.count(table.mailSize) == 1)
      #expect(after.value(table.connections) == 0)
    }
  }

  #if os(Linux)
    @Test func aSharedPageIsReadByWhomItIsGiven() throws {
      let page = try #require(MeterPage.shared())
      let writer = try #require(page.descriptor.flatMap { MeterPage.given(OwnedDescriptor($0.copy())) })
      let reader = try #require(page.readableDescriptor().flatMap { MeterPage.readOnly($0) })
      Meters(writer).add(table.accepted, by: 3)
      #expect(MeterSum([reader]).value(table.accepted) == 3)
      // It cannot be written by that descriptor.
      #expect(reader.descriptor.flatMap { MeterPage.given(OwnedDescriptor($0.copy())) } == nil)
    }
  #endif
}
