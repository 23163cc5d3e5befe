import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// A runner follows an operator's word before it asks anyone else.
struct OperatorOrderTests {
  private struct Stern: DeliveryHooks {
    func route(_ parcel: Parcel, of envelope: Envelope) async throws -> RoutingVerdict {
      .hold("asked for \(parcel.recipient.mailbox)")
    }
  }

  @Test(arguments: [false, true]) func copiesGoAsAnOperatorSaid(hasHooks: Bool) async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: 9)
      try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT")
      if hasHooks { setup.configuration.hooks = Stern() }
      try setup.queue.add(
        .test("m1", to: ["given-up@a.example", "moved@a.example"], at: setup.clock.now),
        content: "Subject: x\r\n\r\nbody\r\n")
      func only(_ recipient: String) -> QueueSelection {
        var selection = QueueSelection()
        selection.recipients = [recipient]
        return selection
      }
      _ = try await setup.queue.change(
        .bounce(reason: "the domain is closed"), only("given-up@*"), after: nil, limit: 9)
      _ = try await setup.queue.change(
        .move(to: .init("smtp:127.0.0.1:\(sink.port)")), only("moved@*"), after: nil, limit: 9)
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.outcomes["given-up@a.example"] == "failed 5.7.1 the domain is closed")
      #expect(sink.mails.map(\.to) == [["<moved@a.example>"]])
      let reported = setup.queue.reports.compactMap { ReportReader($0)?.status.last?["final-recipient"] }
      #expect(reported == ["rfc822; given-up@a.example"])
    }
  }

  /// A place of a later version, for example.
  @Test func anOrderThatCannotBeReadIsNone() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: "Subject: x\r\n\r\n")
      _ = try await setup.queue.change(.move(to: .init("pigeon:7")), QueueSelection(), after: nil, limit: 9)
      _ = try await setup.runner.runOnce()
      #expect(sink.mails.map(\.to) == [["<x@a.example>"]])
    }
  }

  @Test(arguments: ["local", "mx:b.example", "smtp:b.example:25", "smtp:[::1]:25", "lmtp:127.0.0.1:24"])
  func placesKeepTheirTexts(_ text: String) throws {
    #expect(try #require(DeliveryPlace(text)).description == text)
    let order = ParcelOrder.deliver(to: .init(text))
    #expect(ParcelOrder(order.description) == order)
  }

  @Test(arguments: ["", "mx", "mx:", "mx:..", "smtp:b.example", "lmtp:/socket", "local:", "fail:x", "to:local"])
  func otherTextsAreNoPlaces(_ text: String) { #expect(DeliveryPlace(text) == nil) }
}
