import MTACore
import NIOCore
import Testing

@Suite struct ValuesTests {
  @Test(arguments: [
    ("::", "::"), ("::1", "::1"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
    ("::ffff:192.0.2.1", "192.0.2.1"),
    ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1::", "1::"), ("192.0.2.255", "192.0.2.255"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
  ])
  func addresses(text: String, canonical: String) throws {
    #expect(try #require(IPAddress(text)).description == canonical)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", ":", ":::", "1:2:3:4:5:6:7", "1::2::3", "1:2:3:4:5:6:7:8:9",
    "12345::", "g::", "::1%lo", "1:2:3:4:5:6:7::8:9",
  ])
  func noAddresses(text: String) { #expect(IPAddress(text) == nil) }

  @Test func networks() throws {
    let network = try #require(Network("10.1.2.3/8"))
    #expect(network.description == "10.0.0.0/8")
    #expect(network.contains(.v4(0x0aff_ffff)) && !network.contains(.v4(0x0b00_0000)))
    #expect(try #require(Network("::/0")).contains(.loopback6))
    #expect(!(try #require(Network("::/0")).contains(.loopback4)))
    #expect(Network("10.0.0.0/33") == nil && Network("10.0.0.0/") == nil && Network("10.0.0.0/-1") == nil)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z", "Thu, 1 Jan 1970 00:00:00 +0000"),
      (951_782_399_999, "2000-02-28T23:59:59.999Z", "Mon, 28 Feb 2000 23:59:59 +0000"),
      (951_868_800_000, "2000-03-01T00:00:00.000Z", "Wed, 1 Mar 2000 00:00:00 +0000"),
      (1_795_441_200_123, "2026-11-23T13:40:00.123Z", "Mon, 23 Nov 2026 13:40:00 +0000"),
      (-1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 +0000"),
    ] as [(Int64, String, String)])
  func timestamps(milliseconds: Int64, iso: String, mail: String) throws {
    let instant = Timestamp(milliseconds: milliseconds)
    #expect(instant.description == iso)
    #expect(instant.internetMessageDate == mail)
    #expect(Timestamp(iso) == instant)
  }

  @Test func mailIDs() throws {
    let instant = Timestamp(milliseconds: 1_500_000_000_042)
    #expect(MailID(at: instant, random: 7).description == "1dVqWO-000007-0g")
    #expect(
      MailID(at: instant, random: .max, base: 36).description == "0" + String(1_500_000_000, radix: 36) + "-1z141z3-16")
    #expect(MailID("../x") == nil && MailID("") == nil)
  }

  @Test func mailboxesCompareAsMailDoes() throws {
    #expect(Mailbox("a@EXAMPLE.org") == Mailbox("a@example.ORG"))
    #expect(Mailbox("A@example.org") != Mailbox("a@example.org"))
    #expect(Mailbox("A@example.org").caseFolded == Mailbox("a@example.org"))
    #expect(Mailbox("\"a\"@b") == Mailbox("a@b"))
    #expect(ReversePath("<>") == .null)
    #expect(Mailbox.init("a@b c") == nil && Mailbox.init("a b@c") == nil && Mailbox.init("a@b>") == nil)
  }

  @Test func repliesCannotBreakTheirFraming() {
    var buffer = ByteBuffer()
    Reply(550, .policy, lines: ["one\r\n250 ok", "tw\u{1b}[2Jo ä" + String(repeating: "x", count: 1000)]).encode(
      into: &buffer)
    let lines = String(buffer: buffer).split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(lines.count == 3)
    #expect(lines[0] == "550-5.7.1 one??250 ok")
    #expect(lines[1].hasPrefix("550 5.7.1 tw?[2Jo ??xxx") && lines[1].utf8.count <= 510)
  }

  @Test func contactsByRule() {
    let policy = ContactPolicy(maximumViolations: 2, prohibited: .seconds(60))
    let address = IPAddress.v6(high: 0x2001_0db8_0000_0001, low: 99)
    #expect(ContactKey(address).description == "2001:db8:0:1::/64")
    var record = ContactRecord(ContactKey(address))
    var now = Timestamp(milliseconds: 0)
    #expect(policy.connected(&record, from: address, at: now) == .welcome)
    policy.violated(&record, at: now)
    policy.violated(&record, at: now)
    #expect(policy.connected(&record, from: address, at: now) == .warned(until: now + .seconds(60)))
    now = now + .seconds(59)
    #expect(policy.connected(&record, from: address, at: now) == .slammed)
    now = now + .seconds(60)
    #expect(policy.connected(&record, from: address, at: now) == .welcome)
    #expect(record.violations == 0 && record.hits == 4 && record.locks == 2)
    policy.violated(&record, at: now)
    #expect(policy.accepted(&record) && record.violations == 0)
    policy.violated(&record, at: now)
    policy.violated(&record, at: now)
    let free = ContactPolicy(
      maximumViolations: 2, neverProhibit: [Network(address, prefixLength: 32)].compactMap { $0 })
    #expect(free.connected(&record, from: address, at: now) == .welcome)
  }
}
