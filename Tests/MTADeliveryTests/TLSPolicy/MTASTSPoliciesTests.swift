import Logging
import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import MTADelivery

/// What is fetched when, and what is kept: without sockets.
struct MTASTSPoliciesTests {
  static let domain = DNSName("d.example")

  /// A policy host by hand: what it answers, and how often it was asked.
  final class Host: Sendable {
    private let state = NIOLockedValueBox<(texts: [String?], asked: Int)>(([], 0))
    let gate = NIOLockedValueBox<[CheckedContinuation<Void, Never>]?>(nil)

    /// Answers in order, the last again and again; nil: none.
    init(_ texts: String?...) { state.withLockedValue { $0.texts = texts } }

    var asked: Int { state.withLockedValue { $0.asked } }
    func set(_ text: String?) { state.withLockedValue { $0.texts = [text] } }

    func fetch(_ domain: DNSName) async throws(PolicyFetchFailure) -> [UInt8] {
      let text = state.withLockedValue { state in
        state.asked += 1
        return state.texts.count > 1 ? state.texts.removeFirst() : state.texts[0]
      }
      await withCheckedContinuation { continuation in
        let isOpen = gate.withLockedValue { gate in
          gate?.append(continuation)
          return gate == nil
        }
        if isOpen { continuation.resume() }
      }
      guard let text else { throw .timedOut }
      return Array(text.utf8)
    }
  }

  /// A zone whose record can change.
  final class Zone: DNSLookup {
    private let answer = NIOLockedValueBox<DNSAnswer>(.noSuchName)

    init(id: String) { set(id: id) }

    func set(id: String) { set("v=STSv1; id=\(id)") }
    func set(_ text: String) {
      let record = DNSRecord(DNSName("_mta-sts.d.example"), ttl: 60, .text([Array(text.utf8)]))
      set(.records([record], authenticated: false))
    }
    func set(_ answer: DNSAnswer) { self.answer.withLockedValue { $0 = answer } }
    func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer { answer.withLockedValue { $0 } }
  }

  static func text(_ mode: String = "enforce", _ mx: String = "mx.d.example", age: Int = 864_000) -> String {
    "version: STSv1\nmode: \(mode)\nmx: \(mx)\nmax_age: \(age)\n"
  }

  static func policies(
    _ zone: Zone, _ host: Host, _ clock: ManualClock, file: String? = nil, files: DurableFiles = DurableFiles(),
    log: LogBook = LogBook()
  ) -> MTASTSPolicies {
    MTASTSPolicies(
      MTASTSConfiguration(), dns: zone, clock: clock,
      file: file.map { MTASTSCacheFile(path: $0, files: files, threads: .singleton, isReadOnly: false) },
      logger: log.logger
    ) { domain throws(PolicyFetchFailure) in try await host.fetch(domain) }
  }

  /// `MODE PATTERNS note`, or why there is none.
  static func found(_ policies: MTASTSPolicies) async -> String {
    switch await policies.finding(for: domain) {
    case .none(let reason): reason
    case .policy(let policy, let note):
      "\(policy.id) \(policy.mode.rawValue) \(policy.patterns.map(\.description).joined(separator: ","))\(note)"
    }
  }

  @Test func fetchedOnceWhileTheRecordStays() async {
    let (zone, host, clock) = (Zone(id: "1"), Host(Self.text()), ManualClock())
    let policies = Self.policies(zone, host, clock)
    for _ in 0..<3 { #expect(await Self.found(policies) == "1 enforce mx.d.example") }
    #expect(host.asked == 1)
  }

  @Test func anotherIDFetchesAnew() async {
    let (zone, host, clock) = (Zone(id: "1"), Host(Self.text(), Self.text("testing")), ManualClock())
    let policies = Self.policies(zone, host, clock)
    #expect(await Self.found(policies) == "1 enforce mx.d.example")
    zone.set(id: "2")
    #expect(await Self.found(policies) == "2 testing mx.d.example")
    #expect(host.asked == 2)
  }

  /// Who blocks the policy host, or the record, does not undo the policy (RFC 8461 §5.1).
  @Test func theOldPolicyHoldsWhileANewOneCannotBeHad() async {
    let (zone, host, clock) = (Zone(id: "1"), Host(Self.text(), nil), ManualClock())
    let policies = Self.policies(zone, host, clock)
    #expect(await Self.found(policies) == "1 enforce mx.d.example")
    zone.set(id: "2")
    let kept = "1 enforce mx.d.example, kept: the MTA-STS policy cannot be fetched: the policy host was too slow"
    #expect(await Self.found(policies) == kept)
    // Not asked again at once.
    #expect(await Self.found(policies) == kept)
    #expect(host.asked == 2)
    clock.advance(by: .seconds(301))
    #expect(await Self.found(policies) == kept)
    #expect(host.asked == 3)
    for answer in [DNSAnswer.noSuchName, .failure(.timedOut)] {
      zone.set(answer)
      #expect(await Self.found(policies).hasPrefix("1 enforce mx.d.example, kept: "))
    }
    clock.advance(by: .seconds(864_000))
    #expect(await Self.found(policies).hasPrefix("_mta-sts.d.example could not be looked up"))
  }

  @Test func whatNeverCameIsNone() async {
    let (zone, host, clock) = (Zone(id: "1"), Host(nil, Self.text()), ManualClock())
    let log = LogBook()
    let policies = Self.policies(zone, host, clock, log: log)
    #expect(await Self.found(policies) == "the MTA-STS policy cannot be fetched: the policy host was too slow")
    #expect(log.lines.map(\.level) == [.warning])
    #expect(await Self.found(policies) == "the MTA-STS policy cannot be fetched: the policy host was too slow")
    #expect(host.asked == 1)
    clock.advance(by: .seconds(300))
    #expect(await Self.found(policies) == "1 enforce mx.d.example")
  }

  @Test func oneFetchServesAllWhoWait() async throws {
    let (zone, host, clock) = (Zone(id: "1"), Host(Self.text()), ManualClock())
    host.gate.withLockedValue { $0 = [] }
    let policies = Self.policies(zone, host, clock)
    let found = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<20 { group.addTask { await Self.found(policies) } }
      group.addTask {
        try await eventually("the policy host is asked") { host.asked > 0 }
        host.gate.withLockedValue { gate in
          for continuation in gate ?? [] { continuation.resume() }
          gate = nil
        }
        return "1 enforce mx.d.example"
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(found == ["1 enforce mx.d.example"])
    #expect(host.asked == 1)
  }

  @Test func anOldPolicyIsRefreshedWhileItServes() async throws {
    let (zone, host, clock) = (Zone(id: "1"), Host(Self.text(), Self.text("enforce", "new.d.example")), ManualClock())
    let policies = Self.policies(zone, host, clock)
    #expect(await Self.found(policies) == "1 enforce mx.d.example")
    clock.advance(by: .seconds(86_400))
    #expect(await Self.found(policies) == "1 enforce mx.d.example")
    try await eventually("the policy host is asked again") { host.asked >= 2 }
    try await eventually("the new policy is found") { await Self.found(policies) == "1 enforce new.d.example" }
    #expect(host.asked == 2)
  }

  @Test func policiesSurviveARestart() async {
    await TemporaryFolder.using { folder in
      let path = folder + "/mta-sts.cache"
      let (zone, host, clock) = (Zone(id: "1"), Host(Self.text()), ManualClock())
      let first = Self.policies(zone, host, clock, file: path)
      _ = await Self.found(first)
      await first.settle()
      host.set(nil)
      zone.set(.failure(.timedOut))
      #expect(
        await Self.found(Self.policies(zone, host, clock, file: path)).hasPrefix("1 enforce mx.d.example, kept: "))
    }
  }

  @Test func aDamagedFileIsBegunAnew() async throws {
    try await TemporaryFolder.using { folder in
      let path = folder + "/mta-sts.cache"
      try DurableFiles().create(path, at: "test").write(ByteBuffer(bytes: [0, 1, 2, 10, 255]), at: "test")
      let (zone, host, clock) = (Zone(id: "1"), Host(Self.text()), ManualClock())
      let log = LogBook()
      let policies = Self.policies(zone, host, clock, file: path, log: log)
      #expect(await Self.found(policies) == "1 enforce mx.d.example")
      await policies.settle()
      #expect(log.lines.map(\.text) == ["the MTA-STS cache is damaged, and is begun anew"])
      let file = try DurableFiles().openForReading(path, at: "test")
      #expect(try String(buffer: file.read(from: 0, upTo: 1000, at: "test")).hasPrefix("mta-sts 1\nd.example 1 "))
    }
  }

  /// Whatever step fails, policies are found; and what was in the file stays there or is replaced whole.
  @Test func aDiskThatFailsIsNoObstacle() async {
    await TemporaryFolder.using { folder in
      let path = folder + "/mta-sts.cache"
      for call in 1...8 {
        let faults = FaultPlan()
        faults.inject(.fails(5), call: call)
        let (zone, host, clock) = (Zone(id: "\(call)"), Host(Self.text()), ManualClock())
        let policies = Self.policies(zone, host, clock, file: path, files: DurableFiles(faults: faults))
        #expect(await Self.found(policies) == "\(call) enforce mx.d.example")
        await policies.settle()
      }
      let (zone, host, clock) = (Zone(id: "9"), Host(nil), ManualClock())
      #expect(await Self.found(Self.policies(zone, host, clock, file: path)).contains("enforce mx.d.example"))
    }
  }
}
