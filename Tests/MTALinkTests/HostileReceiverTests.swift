import CMTASystem
import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTALink

#if canImport(Glibc)
  import Glibc
#endif

/// A receiver that was taken over.
@Suite(.takesTurns, .endsHangs) struct HostileReceiverTests {
  private static func service(
    _ store: KeepingStore = KeepingStore(), desk: CountingDesk = CountingDesk(),
    _ change: (inout LinkService.Configuration) -> Void = { _ in }
  ) -> LinkService {
    var configuration = LinkService.Configuration()
    configuration.clock = ManualClock(Samples.noon)
    change(&configuration)
    return LinkService(store: store, desk: desk, configuration: configuration)
  }

  private static func commit(_ envelope: Envelope, _ content: LinkCommit.Content = .inline(ByteBuffer(string: "x")))
    -> LinkMessage
  { .commit(LinkCommit(isResent: false, envelope: envelope, trace: ByteBuffer(), content: content)) }

  @Test func aHundredThousandHostileMessagesReachNoTrap() async throws {
    let store = KeepingStore()
    let service = Self.service(store) { $0.authenticate = { _, _ in .wrong } }
    var samples = Samples(seed: 5)
    for _ in 0..<12_500 {
      let link = try RawLink(to: service, hello: samples.number(below: 20) > 0)
      for number in 1...8 { link.say(raw: Self.hostile(&samples, UInt64(number))) }
      link.finish()
    }
    let honest = try RawLink(to: service)
    honest.say(Self.commit(LinkStage.envelope(1)), 9)
    try await eventually("an honest mail is taken") { honest.answer(to: 9) == .receipt }
    for envelope in store.kept.state.withLockedValue(\.envelopes) {
      #expect(!envelope.recipients.isEmpty && envelope.clientAddress != nil && envelope.reportedAt == nil)
    }
    service.close()
  }

  @Test func itTellsOfNoMailThatAnotherBrought() async throws {
    let kept = NIOLockedValueBox<[EventRecord]>([])
    let service = Self.service { $0.event = { event in kept.withLockedValue { $0.append(event) } } }
    func event(_ kind: EventRecord.Kind, _ number: UInt32) -> LinkMessage {
      let mail = LinkStage.envelope(number).id
      return .event(
        EventRecord(kind, at: Samples.noon, on: kind == .accepted ? .mails : .refusals, mail: mail, fields: []))
    }
    let (honest, hostile) = (try RawLink(to: service), try RawLink(to: service))
    honest.say(Self.commit(LinkStage.envelope(1)), 9)
    try await eventually("the mail is taken") { honest.answer(to: 9) == .receipt }
    hostile.say(event(.accepted, 1), 0)
    hostile.say(event(.refused, 1), 0)
    try await eventually("what it refused is kept") { kept.withLockedValue { $0.count } == 1 }
    honest.say(event(.accepted, 1), 0)
    honest.say(event(.accepted, 1), 0)
    honest.say(event(.refused, 2), 0)
    try await eventually("all are read") { kept.withLockedValue { $0.count } == 3 }
    #expect(kept.withLockedValue { $0.map(\.kind) } == [.refused, .accepted, .refused])
    service.close()
  }

  /// Half of them are mails with a wrong bit, which the link outlives; the others are anything.
  private static func hostile(_ samples: inout Samples, _ number: UInt64) -> ByteBuffer {
    var bytes: ByteBuffer
    switch samples.number(below: 4) {
    case 0:
      bytes = LinkFrame.encode(UInt8(samples.number(below: 24)), number) { encoder in
        encoder.bytes.writeImmutableBuffer(samples.bytes(upTo: 40))
      }
    case 1:
      let messages = samples.messages()
      bytes = messages[samples.number(below: messages.count)].frame(number)
    default:
      var envelope = samples.envelope()
      if samples.flag() {
        (envelope.receivedAt, envelope.reportedAt) = (Samples.noon, nil)
        envelope.clientAddress = .loopback4
      }
      bytes = commit(envelope).frame(number)
    }
    // Anywhere in some, in the body of most.
    let first = samples.number(below: 8) == 0 ? 0 : LinkFrame.lengthBytes + LinkFrame.headBytes
    if samples.number(below: 3) > 0, bytes.readableBytes > first {
      let place = bytes.readerIndex + first + samples.number(below: bytes.readableBytes - first)
      let byte = bytes.getInteger(at: place, as: UInt8.self) ?? 0
      bytes.setInteger(byte ^ 1 << UInt8(samples.number(below: 8)), at: place)
    }
    return bytes
  }

  @Test func whatBreaksTheRulesEndsThatLinkAlone() async throws {
    let service = Self.service()
    let neighbour = try RawLink(to: service)
    let before = try RawLink(to: service, hello: false)
    before.say(.answerTime, 1)
    let twice = try RawLink(to: service)
    twice.say(.hello(version: LinkVersion.current))
    let old = try RawLink(to: service, hello: false)
    old.say(.hello(version: LinkVersion.current &+ 1))
    let reply = try RawLink(to: service)
    reply.say(.receipt, 1)
    let login = try RawLink(to: service)
    login.say(
      .authenticate(
        attempt: 1,
        LinkCredentials(mechanism: "PLAIN", authorizationID: nil, username: "a", secret: "b", isToken: false)), 1)
    for link in [before, twice, old, reply, login] {
      try await eventually("the link is ended") { link.isOver }
    }
    neighbour.say(Self.commit(LinkStage.envelope(1)), 1)
    try await eventually("the neighbour has its receipt") { neighbour.answer(to: 1) == .receipt }
    service.close()
  }

  #if os(Linux)
    @Test func passedContentMustBeSealedMemoryOfItsSize() async throws {
      let store = KeepingStore()
      let service = Self.service(store)
      let content = ByteBuffer(string: "0123456789")
      func shared(sealed: Bool) throws -> OwnedDescriptor {
        let shared = try #require(SharedContent.make())
        #expect(shared.append(content))
        if sealed { #expect(shared.seal()) }
        return shared.descriptor
      }
      var pipe: [Int32] = [-1, -1]
      try #require(Glibc.pipe(&pipe) == 0)
      let other = OwnedDescriptor(pipe[1])
      let cases: [(String, OwnedDescriptor?, Int)] = [
        ("not sealed", try shared(sealed: false), 10), ("another size", try shared(sealed: true), 9),
        ("no memory", OwnedDescriptor(pipe[0]), 10), ("not passed", nil, 10),
        ("a file", OwnedDescriptor(open("/dev/zero", O_RDONLY)), 10),
      ]
      for (name, descriptor, size) in cases {
        let link = try RawLink(to: service)
        link.say(raw: Self.passing(size, LinkStage.envelope(1), with: descriptor), passing: descriptor)
        try await eventually("the link is ended: \(name)") { link.isOver }
      }
      #expect(store.kept.state.withLockedValue(\.begun) == 0)
      let good = try shared(sealed: true)
      let link = try RawLink(to: service)
      link.say(raw: Self.passing(10, LinkStage.envelope(1), with: good), passing: good)
      try await eventually("the mail is taken") { link.answer(to: 1) == .receipt }
      withExtendedLifetime(other) {}
      service.close()
    }

    private static func passing(_ size: Int, _ envelope: Envelope, with descriptor: OwnedDescriptor?) -> ByteBuffer {
      let kind = descriptor == nil ? LinkKind.commit : LinkKind.commit | LinkFrame.withDescriptor
      return LinkFrame.encode(kind, 1) { encoder in
        encoder.write(false)
        encoder.write(envelope)
        encoder.write(ByteBuffer())
        encoder.write(1 as UInt8)
        encoder.write(count: size)
      }
    }
  #endif

  @Test func commitsUnderWayHaveABound() async throws {
    let store = KeepingStore()
    store.kept.state.withLockedValue { $0.isHolding = true }
    let service = Self.service(store) { $0.maximumCommits = 10 }
    let link = try RawLink(to: service)
    for number in 1...100 { link.say(Self.commit(LinkStage.envelope(UInt32(number))), UInt64(number)) }
    try await eventually("the bound is reached") { store.kept.state.withLockedValue(\.begun) == 10 }
    store.kept.release()
    try await eventually("all are answered") { link.answer(to: 100) == .receipt }
    #expect(store.kept.state.withLockedValue(\.begun) == 100)
    service.close()
  }

  @Test(arguments: [
    "no recipient", "no client", "another time", "no time", "a report", "an ENVID", "an ORCPT", "a hold", "a login",
    "a submission",
  ])
  func anEnvelopeThatNoReceiverMakesIsRefused(_ what: String) async throws {
    let store = KeepingStore()
    let service = Self.service(store) { $0.rule.demandsLogin = true }
    var envelope = LinkStage.envelope(1)
    switch what {
    case "no recipient": envelope.recipients = []
    case "no client": envelope.clientAddress = nil
    case "another time": envelope.receivedAt = Samples.noon - .seconds(200_000)
    case "no time": envelope.requests.holdUntil = Timestamp(milliseconds: .max)
    case "a report": envelope.reportedAt = Samples.noon
    case "an ENVID": envelope.requests.envelopeID = "x\r\nRCPT TO:<c@d>"
    case "an ORCPT": envelope.recipients[0].notification.originalRecipient = "rfc822;a\r\nb"
    case "a hold": envelope.hold = "line\nline"
    case "a login": envelope.authenticatedAs = "ann@a.example"
    default: envelope.isSubmission = true
    }
    let link = try RawLink(to: service)
    link.say(Self.commit(envelope), 1)
    link.say(Self.commit(LinkStage.envelope(2)), 2)
    try await eventually("both are answered") { link.answer(to: 1) != nil && link.answer(to: 2) != nil }
    guard case .failure? = link.answer(to: 1) else {
      Issue.record("\(what) was taken")
      return
    }
    #expect(link.answer(to: 2) == .receipt)
    #expect(store.kept.state.withLockedValue(\.begun) == 1)
    service.close()
  }
}
