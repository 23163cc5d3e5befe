import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

@testable import MTADelivery

/// What is remembered of servers, for those who would send them what they do not take.
struct NextHopMemoryTests {
  @Test(
    arguments: [
      ([], NextHopLack([.requireTLS, .smtpUTF8, .eightBitMIME])), (["8BITMIME"], [.requireTLS, .smtpUTF8]),
      (["8BITMIME", "SMTPUTF8", "REQUIRETLS"], .requireTLS),
    ] as [([String], NextHopLack)])
  func aServersOfferIsRemembered(offer: [String], lack: NextHopLack) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities = offer
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.routes = DomainTable([
        "b.example": DeliveryRoute(.smtp(HostAndPort("127.0.0.1:\(sink.port)")!))
      ])
      let memory = NextHopMemory(clock: setup.clock)
      setup.configuration.nextHops = memory
      let router = Router(dns: setup.zone, configuration: setup.configuration)
      #expect(memory.lack(of: Domain("a.example"), by: router) == [])
      let envelope = Envelope.test("m1", from: "<>", to: ["x@a.example", "x@b.example"], at: setup.clock.now)
      try setup.queue.add(envelope, content: "Subject: x\r\n\r\nend\r\n")
      try await setup.expectRun(RunSummary(delivered: 2))
      for name in ["a.example", "b.example"] { #expect(memory.lack(of: Domain(name)!, by: router) == lack, "\(name)") }
      #expect(memory.lack(of: Domain("c.example"), by: router) == [])
      setup.clock.advance(by: NextHopMemory.lifetime)
      #expect(memory.lack(of: Domain("a.example"), by: router) == [])
    }
  }

  /// However many domains there are.
  @Test func memoryIsBounded() {
    let memory = NextHopMemory(clock: ManualClock())
    for number in 0...NextHopMemory.maximumPlaces {
      memory.note(ServerCapabilities(), isSecured: false, at: .exchangers(of: Domain("d\(number).example")!))
    }
    #expect(memory.lack(at: .exchangers(of: Domain("d0.example"))) == [])
    #expect(memory.lack(at: .exchangers(of: Domain("d\(NextHopMemory.maximumPlaces).example")!)).contains(.smtpUTF8))
  }

  // MARK: Between processes

  private static let plain = ServerCapabilities()
  private static let places = [
    NextHopMemory.Place.exchangers(of: Domain("a.example")),
    .exchangers(of: Domain("b\u{fc}cher.example", international: true)!),
    .exchangers(of: .literal(.loopback4)), .server(.smtp(HostAndPort("127.0.0.1:25")!)),
    .server(.lmtpSocket(path: "/run/lmtp")), .server(.exchangersOf("c.example")),
  ]

  @Test func anotherProcessLearnsWhatOneFindsOut() {
    let clock = ManualClock()
    let (runner, receiver, late) = (
      NextHopMemory(clock: clock), NextHopMemory(clock: clock), NextHopMemory(clock: clock)
    )
    #expect(runner.listen { receiver.take($0) }.isEmpty)
    for place in Self.places {
      runner.note(Self.plain, isSecured: false, at: place)
      #expect(receiver.lack(at: place) == [.requireTLS, .smtpUTF8, .eightBitMIME], "\(place)")
    }
    #expect(runner.notes.count == Self.places.count)
    for note in runner.notes { late.take(note) }
    for place in Self.places { #expect(late.lack(at: place) == runner.lack(at: place)) }
    clock.advance(by: NextHopMemory.lifetime)
    #expect(Self.places.allSatisfy { receiver.lack(at: $0) == [] && late.lack(at: $0) == [] })
    #expect(runner.notes.isEmpty)
  }

  /// A mail a second to one place is no reason for a note a second.
  @Test func onlyNewsAreTold() {
    let clock = ManualClock()
    let (runner, receiver) = (NextHopMemory(clock: clock), NextHopMemory(clock: clock))
    let told = NIOLockedValueBox(0)
    _ = runner.listen { note in
      told.withLockedValue { $0 += 1 }
      receiver.take(note)
    }
    let place = Self.places[0]
    for _ in 1...60 {
      runner.note(Self.plain, isSecured: false, at: place)
      #expect(receiver.lack(at: place) == runner.lack(at: place))
      clock.advance(by: .seconds(60))
    }
    #expect(told.withLockedValue { $0 } == 2)
    var able = Self.plain
    (able.requireTLS, able.smtpUTF8, able.eightBitMIME) = (true, true, true)
    for _ in 1...3 { runner.note(able, isSecured: true, at: place) }
    #expect(told.withLockedValue { $0 } == 3)
    #expect(receiver.lack(at: place) == [])
  }

  @Test func anOlderNoteDoesNotReplaceANewerOne() throws {
    let clock = ManualClock()
    let memory = NextHopMemory(clock: clock)
    let older = try #require(NextHopNote(place: "mx a.example", lack: .smtpUTF8, end: clock.now + .seconds(60)))
    let newer = try #require(NextHopNote(place: "mx a.example", lack: [], end: clock.now + .seconds(61)))
    memory.take(newer)
    memory.take(older)
    #expect(memory.lack(at: Self.places[0]) == [])
  }

  @Test(arguments: ["", "mx", "mx ", "mx a..example", "at ", "at smtp:", "at nowhere", "zz a.example", "\u{0}"])
  func whatIsNoPlaceIsLeftOut(text: String) throws {
    let clock = ManualClock()
    let memory = NextHopMemory(clock: clock)
    memory.take(try #require(NextHopNote(place: text, lack: .smtpUTF8, end: clock.now + .seconds(60))))
    #expect(memory.notes.isEmpty)
  }

  @Test func notesAreBounded() throws {
    let clock = ManualClock()
    let memory = NextHopMemory(clock: clock)
    #expect(NextHopNote(place: "mx " + String(repeating: "a", count: 1024), lack: [], end: clock.now) == nil)
    let forever = try #require(
      NextHopNote(place: "mx a.example", lack: NextHopLack(rawValue: -1), end: Timestamp(milliseconds: .max)))
    memory.take(forever)
    #expect(memory.lack(at: Self.places[0]) == [.requireTLS, .smtpUTF8, .eightBitMIME])
    #expect(memory.notes.first?.end == clock.now + NextHopMemory.lifetime)
    for number in 0...NextHopMemory.maximumPlaces {
      memory.take(
        try #require(NextHopNote(place: "mx d\(number).example", lack: .smtpUTF8, end: clock.now + .seconds(60))))
    }
    #expect(memory.notes.count <= NextHopMemory.maximumPlaces)
  }
}
