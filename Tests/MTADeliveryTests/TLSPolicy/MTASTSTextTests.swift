import MTACore
import MTATestSupport
import Testing

@testable import MTADelivery

/// Records and policy texts (RFC 8461 §3.1, §3.2): strict, bounded, and never fatal.
struct MTASTSTextTests {
  static func record(_ texts: String...) -> MTASTSRecord.Finding { MTASTSRecord.find(in: texts.map { Array($0.utf8) }) }

  static func policy(_ text: String) throws -> MTASTSPolicy { try MTASTSPolicy(id: "1", text: Array(text.utf8)) }

  @Test(arguments: [
    "v=STSv1; id=20160831085700Z;", "v=STSv1;id=20160831085700Z", "v=STSv1 ; ext=a:b ;id=20160831085700Z ;",
  ])
  func recordsAreRead(_ text: String) {
    #expect(Self.record("v=spf1 -all", text) == .id("20160831085700Z"))
  }

  @Test(arguments: [
    "v=STSv1;", "v=STSv1; id=", "v=STSv1; id=a b", "v=STSv1; id=1; id=2", "v=STSv1; id=1;; ", "v=STSv1; id",
    "v=STSv1; id=ä",
    "v=STSv1; id=012345678901234567890123456789012", "v=STSv1; id=1; e=x=y", "v=STSv1; =1; id=1", "v=STSv1 x; id=1",
  ])
  func malformedRecordsCountAsNone(_ text: String) {
    #expect(Self.record(text) == .none("the MTA-STS record is malformed"))
  }

  @Test func otherRecordsArePassedOver() {
    #expect(Self.record() == .none("no MTA-STS record"))
    #expect(Self.record("v=STSv2; id=1", "id=1; v=STSv1", "v=stsv1; id=1", "v=STSv1") == .none("no MTA-STS record"))
    #expect(Self.record("v=STSv1; id=1", "v=STSv1; id=1") == .none("more than one MTA-STS record"))
  }

  @Test func policiesAreRead() throws {
    let policy = try Self.policy(
      "version: STSv1\r\nmode: enforce\nmx: mail.example.com  \nmx:\t*.example.net\r\nmax_age: 604800\nnew: thing\nmode: none"
    )
    #expect(policy.mode == .enforce && policy.age == .seconds(604_800))
    #expect(policy.patterns.map(\.description) == ["mail.example.com", "*.example.net"])
    #expect(try Self.policy("version: STSv1\nmode: none\nmax_age: 9999999999").age == MTASTSPolicy.maximumAge)
  }

  @Test(arguments: [
    "", "mode: enforce\nmx: a.example\nmax_age: 1", "version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1",
    "version: STSv1\nmode: enforced\nmx: a.example\nmax_age: 1", "version: STSv1\nmode: enforce\nmax_age: 1",
    "version: STSv1\nmode: enforce\nmx: a.example", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1",
    "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 99999999999",
    "version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1", "version: STSv1\nmode: enforce\nmx: *.*.example\nmax_age: 1",
    "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1\nnonsense", "<html>",
    "version: STSv1\u{0}\nmode: none\nmax_age: 1",
  ])
  func whatIsNoPolicyIsRefused(_ text: String) {
    #expect(throws: MTASTSPolicy.Fault.self) { try Self.policy(text) }
  }

  @Test func policiesAreBounded() {
    let head = "version: STSv1\nmode: enforce\nmax_age: 1\n"
    #expect(throws: MTASTSPolicy.Fault.self) {
      try Self.policy(head + String(repeating: "mx: a.example\n", count: 300))
    }
    #expect(throws: MTASTSPolicy.Fault.self) { try Self.policy(head + String(repeating: "x", count: 70_000) + ": 1") }
  }

  @Test func aWildcardIsOneLabel() throws {
    let policy = try Self.policy("version: STSv1\nmode: enforce\nmx: *.Example.net\nmx: mx.example.org\nmax_age: 1")
    for (host, fits) in [
      ("a.example.net", true), ("a.b.example.net", false), ("example.net", false), ("mx.example.org", true),
      ("x.mx.example.org", false), ("aexample.net", false),
    ] {
      #expect(policy.names(DNSName(host)!) == fits, "\(host)")
    }
  }

  /// Random texts out of what policies are made of.
  @Test func noTextIsFatal() {
    var generator = SeededGenerator(seed: 8461)
    let parts = [
      "version", "mode", "mx", "max_age", ":", " ", "\r\n", "\n", "STSv1", "enforce", "*.", "a.example", "9", "v=STSv1",
      ";", "id=",
      "\u{0}", "ä", "=",
    ]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0..<20, using: &generator)).map { _ in parts.randomElement(using: &generator) ?? ""
      }
      .joined()
      _ = try? Self.policy(text)
      _ = Self.record(text)
      var cache = MTASTSCache(maximumDomains: 10)
      _ = cache.read(Array(("mta-sts 1\n" + text).utf8))
    }
  }

  @Test func theCacheComesBackFromItsText() throws {
    let now = Timestamp(milliseconds: 1_800_000_000_000)
    let domain = DNSName("d.example")
    var cache = MTASTSCache(maximumDomains: 10)
    let policy = try Self.policy("version: STSv1\nmode: enforce\nmx: *.d.example\nmx: e.example\nmax_age: 100")
    cache.set(policy, for: domain, at: now)
    cache.set(try Self.policy("version: STSv1\nmode: none\nmax_age: 100"), for: DNSName("n.example"), at: now)
    var again = MTASTSCache(maximumDomains: 10)
    let text = cache.text(at: now)
    let damaged = again.read(Array((text + "damaged line\nx.example 1 1 1 enforce -\n").utf8))
    #expect(damaged == 2)
    #expect(again.entry(for: domain, at: now)?.policy == policy)
    #expect(again.entry(for: DNSName("n.example"), at: now)?.policy.mode == MTASTSPolicy.Mode.none)
    #expect(again.entry(for: domain, at: now + .seconds(100)) == nil)
    // From the future: the clock was wrong, then or now.
    #expect(again.entry(for: domain, at: now - .seconds(1000)) == nil)
    var other = MTASTSCache(maximumDomains: 10)
    let none = other.read(Array("SQLite format 3\u{0}".utf8))
    #expect(none == nil && other.count == 0)
  }

  @Test func theCacheIsBounded() throws {
    let now = Timestamp(milliseconds: 0)
    var cache = MTASTSCache(maximumDomains: 100)
    for number in 0..<1000 {
      let policy = MTASTSPolicy(id: "1", mode: .none, age: .seconds(1000 + number), patterns: [])
      cache.set(policy, for: DNSName("d\(number).example")!, at: now)
      #expect(cache.count <= 100)
    }
    #expect(cache.entry(for: DNSName("d999.example"), at: now) != nil)
    #expect(cache.entry(for: DNSName("d0.example"), at: now) == nil)
  }
}
