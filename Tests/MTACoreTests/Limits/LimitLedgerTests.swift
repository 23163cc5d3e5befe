import MTATestSupport
import Testing

@testable import MTACore

/// What users and clients may send, counted without a clock or a store.
@Suite struct LimitLedgerTests {
  private static let noon = Timestamp(milliseconds: 1_796_040_000_000)

  private func key(_ name: String) throws -> LimitKey { .user(try #require(LoginAccount(name))) }

  /// Of any mails and recipients, at any times, no more are granted from the begin of a window to its end than its limit says; and what
  /// is refused may come when the refusal said.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func noWindowHasMoreThanItsLimit(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let limits = SendingLimits(mailsPerHour: 5, recipientsPerHour: 9, mailsPerDay: 17, recipientsPerDay: 23)
    var record = LimitRecord(try key("ann"), at: Self.noon)
    var now = Self.noon
    var granted: [Timestamp: [SendingUse: Int]] = [:]
    var days: [Timestamp: [SendingUse: Int]] = [:]
    var refusals = 0
    for _ in 0..<3000 {
      now = now + .seconds(Int64.random(in: 0...1200, using: &random))
      let use = Bool.random(using: &random) ? SendingUse.mail : .recipient
      let before = record
      if let refusal = record.count(use, limits, at: now) {
        refusals += 1
        #expect(refusal.until > now)
        #expect(refusal.until <= now + refusal.span.length)
        // Nothing was counted, and at the time that was told it is taken.
        #expect(record.hour.count(of: use) == (before.hour.isOver(.hour, at: now) ? 0 : before.hour.count(of: use)))
        var later = record
        let isRefusedLater = later.count(use, limits, at: refusal.until) != nil
        #expect(!isRefusedLater)
      } else {
        granted[record.hour.began, default: [:]][use, default: 0] += 1
        days[record.day.began, default: [:]][use, default: 0] += 1
      }
    }
    #expect(refusals > 100)
    for counts in granted.values { #expect(counts[.mail] ?? 0 <= 5 && counts[.recipient] ?? 0 <= 9) }
    for counts in days.values { #expect(counts[.mail] ?? 0 <= 17 && counts[.recipient] ?? 0 <= 23) }
  }

  @Test func theLaterOfTwoEndsIsTold() throws {
    let limits = SendingLimits(mailsPerHour: 1, mailsPerDay: 2)
    var record = LimitRecord(try key("ann"), at: Self.noon)
    func count(at time: Timestamp) -> (span: LimitSpan, until: Timestamp)? { record.count(.mail, limits, at: time) }
    #expect(count(at: Self.noon) == nil)
    let hour = count(at: Self.noon + .seconds(60))
    #expect(hour?.span == .hour && hour?.until == Self.noon + .seconds(3600))
    #expect(count(at: Self.noon + .seconds(3600)) == nil)
    let day = count(at: Self.noon + .seconds(3660))
    #expect(day?.span == .day && day?.until == Self.noon + .seconds(86_400))
    // Near the end of the day the hour ends later.
    let late = Self.noon + .seconds(86_400 - 600)
    record.hour = LimitWindow(began: late, mails: 1)
    #expect(count(at: late)?.span == .hour)
  }

  /// A clock that is set back must not lock anybody out until it has come to where it was.
  @Test func aClockThatIsSetBackBeginsAnotherWindow() throws {
    let limits = SendingLimits(mailsPerHour: 1)
    var record = LimitRecord(try key("ann"), at: Self.noon)
    func count(at time: Timestamp) -> (span: LimitSpan, until: Timestamp)? { record.count(.mail, limits, at: time) }
    #expect(count(at: Self.noon) == nil)
    #expect(count(at: Self.noon - .seconds(86_400)) == nil)
  }

  @Test func aRefusalIsNewsOnceInItsWindow() throws {
    var ledger = LimitLedger()
    let (ann, limits) = (try key("ann"), SendingLimits(mailsPerHour: 1))
    func count(_ key: LimitKey, at time: Timestamp) -> LimitLedger.Verdict? {
      ledger.count(.mail, of: key, limits, at: time)
    }
    func install(_ key: LimitKey, ifStill generation: Int) -> Bool {
      ledger.install(LimitRecord(key, at: Self.noon), at: Self.noon, ifStill: generation)
    }
    #expect(count(ann, at: Self.noon) == nil)
    #expect(install(ann, ifStill: ledger.generation))
    #expect(count(ann, at: Self.noon)?.allowance == .granted)
    let first = count(ann, at: Self.noon + .seconds(1))
    #expect(first == .init(allowance: .limited(.hour, minutes: 60), changed: nil, isNews: true))
    let second = count(ann, at: Self.noon + .seconds(3599))
    #expect(second == .init(allowance: .limited(.hour, minutes: 1), changed: nil, isNews: false))
    #expect(count(ann, at: Self.noon + .seconds(3600))?.allowance == .granted)
    #expect(count(ann, at: Self.noon + .seconds(3601))?.isNews == true)
  }

  /// Strangers cannot make it grow; and a record that was read before another one went is not believed.
  @Test func theLedgerIsBounded() throws {
    var ledger = LimitLedger(capacity: 100)
    let limits = SendingLimits(mailsPerHour: 10)
    func count(_ key: LimitKey, at time: Timestamp) -> LimitLedger.Verdict? {
      ledger.count(.mail, of: key, limits, at: time)
    }
    func install(_ key: LimitKey, ifStill generation: Int) -> Bool {
      ledger.install(LimitRecord(key, at: Self.noon), at: Self.noon, ifStill: generation)
    }
    let before = ledger.generation
    for number in 0..<1000 {
      let key = LimitKey.client(ContactKey(.v4(UInt32(number))))
      #expect(install(key, ifStill: ledger.generation))
      #expect(count(key, at: Self.noon)?.allowance == .granted)
    }
    #expect(ledger.recordCount <= 100)
    let ann = try key("ann")
    #expect(!install(ann, ifStill: before))
    #expect(count(ann, at: Self.noon) == nil)
  }

  @Test func keysAreReadBackAsTheyWereWritten() throws {
    for name in ["ann", "ANN@Example.ORG", "client:192.0.2.1", "a b/64", "j\u{f6}rg@example.org", "\u{301}x"] {
      let key = try key(name)
      #expect(LimitKey(stored: key.description) == key)
    }
    let network = LimitKey.client(ContactKey(try #require(IPAddress("2001:db8::1")), prefixLength: 56))
    #expect(network.description == "client:2001:db8::/56")
    #expect(LimitKey(stored: network.description) == network)
    #expect(LimitKey(stored: "user:") == nil && LimitKey(stored: "other:x") == nil)
  }
}

/// What counts as one client of IPv6.
@Suite struct ContactPrefixTests {
  @Test(arguments: [48, 56, 64, 100, 128])
  func addressesOfOnePrefixAreOneClient(length: Int) throws {
    let address = try #require(IPAddress("2001:db8:1:2:3:4:5:6"))
    let network = try #require(Network(address, prefixLength: length))
    #expect(ContactKey(address, prefixLength: length).description == network.description)
    #expect(ContactKey(address, prefixLength: length).network == network)
    #expect(ContactKey(address, prefixLength: length).isWithin(network))
    #expect(ContactKey(try #require(IPAddress("192.0.2.7")), prefixLength: length).description == "192.0.2.7")
  }

  @Test func theStandardIsAsBefore() throws {
    #expect(ContactKey(try #require(IPAddress("2001:db8:1:2:3::4"))).description == "2001:db8:1:2::/64")
  }

  @Test func loginsAreCountedByIt() throws {
    let noon = Timestamp(milliseconds: 1_796_040_000_000)
    var policy = LoginPolicy()
    policy.triesPerMinute = 1
    var ledger = LoginLedger(policy, prefixLength: 56)
    func admission(_ text: String) throws -> LoginLedger.Admission {
      let address = try #require(IPAddress(text))
      var attempt = ledger.begin(from: address, account: nil, isFromKnownNetwork: false, at: noon)
      return ledger.admit(&attempt, at: noon)
    }
    #expect(try admission("2001:db8::1") == .check)
    #expect(try admission("2001:db8:0:ff::1") == .wait)
    #expect(try admission("2001:db8:0:100::1") == .check)
  }
}
