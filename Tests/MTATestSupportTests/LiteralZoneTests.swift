import MTACore
import MTATestSupport
import Testing

struct LiteralZoneTests {
  let zone: LiteralZone

  init() throws {
    zone = try LiteralZone(
      """
      ; mail
      example.org 300 MX 20 mx2.example.org
      example.org. IN MX 10 mx1.example.org.
      mx1.example.org A 192.0.2.1
      mx1.example.org AAAA 2001:db8::1
      mx2.example.org A 192.0.2.2

      www.example.org CNAME mx1.example.org
      loop.example CNAME pool.example
      pool.example CNAME loop.example
      1.2.0.192.in-addr.arpa PTR mx1.example.org
      s._domainkey.example.org TXT "v=DKIM1; " "p=abc"
      null.example MX 0 .
      broken.example SERVFAIL
      slow.example TIMEOUT MX
      slow.example A 192.0.2.9
      gone.example NXDOMAIN
      2.2.0.192.list.example A 127.0.0.4
      2.2.0.192.list.example TXT "seen sending \\200 spam"
      9.2.0.192.list.example A 127.255.255.254
      8.2.0.192.list.example A 203.0.113.5
      """)
  }

  private func name(_ text: String) throws -> DNSName { try #require(DNSName(text)) }

  @Test func answersByPurpose() async throws {
    let domain = try name("example.org")
    let expected = [("mx1.example.org", 10), ("mx2.example.org", 20)]
    let exchangers = try expected.map { MailExchanger(preference: UInt16($0.1), host: try name($0.0)) }
    #expect(await zone.mailRoute(of: domain) == .exchangers(exchangers))
    let first = try #require(IPAddress("192.0.2.1"))
    #expect(await zone.reverse(of: first) == .found([try name("mx1.example.org")]))
    // RFC 2181 §11: hosts have underscores.
    var others = zone
    try others.add("3.2.0.192.in-addr.arpa PTR mail_gw.example.org\nmail_gw.example.org A 192.0.2.3")
    #expect(await others.reverse(of: try #require(IPAddress("192.0.2.3"))) == .found([try name("mail_gw.example.org")]))
    let both = [first, try #require(IPAddress("2001:db8::1"))]
    #expect(await zone.addresses(of: try name("www.example.org")) == .found(both))
    let second = LocatedExchanger(exchanger: exchangers[1], addresses: [try #require(IPAddress("192.0.2.2"))])
    #expect(
      await zone.mailExchangers(of: domain)
        == .found([LocatedExchanger(exchanger: exchangers[0], addresses: both), second]))
    #expect(await zone.mailRoute(of: try name("null.example")) == .nullMX)
    #expect(await zone.mailExchangers(of: try name("null.example")) == .none)
  }

  @Test func dkimKeysAreJoined() async throws {
    let key = await zone.dkimKey(selector: try name("s"), domain: try name("example.org"))
    #expect(key == .found([Array("v=DKIM1; p=abc".utf8)]))
    let long = try name(Array(repeating: String(repeating: "a", count: 60), count: 4).joined(separator: "."))
    #expect(await zone.dkimKey(selector: long, domain: try name("example.org")) == .none)
  }

  @Test func failuresAndAbsence() async throws {
    #expect(await zone.lookup(try name("broken.example"), .a) == .failure(.serverFailure(code: 2)))
    #expect(await zone.lookup(try name("slow.example"), .mx) == .failure(.timedOut))
    #expect(await zone.addresses(of: try name("slow.example")) == .found([try #require(IPAddress("192.0.2.9"))]))
    #expect(await zone.lookup(try name("gone.example"), .a) == .noSuchName)
    #expect(await zone.lookup(try name("nowhere.example"), .a) == .noSuchName)
    #expect(await zone.lookup(try name("example.org"), .txt) == .noSuchType)
    #expect(await zone.lookup(try name("_domainkey.example.org"), .txt) == .noSuchType)
    #expect(await zone.lookup(try name("loop.example"), .a) == .failure(.tooManySteps))
  }

  @Test func blockLists() async throws {
    let list = try name("list.example")
    func ask(_ text: String) async throws -> DNSResult<BlockListEntry> {
      await zone.isListed(try #require(IPAddress(text)), in: list)
    }
    let code = try #require(IPAddress("127.0.0.4"))
    #expect(try await ask("192.0.2.2") == .found(BlockListEntry(codes: [code], reason: "seen sending ? spam")))
    #expect(try await ask("192.0.2.3") == .none)
    // The list refuses to serve; a parked list answers with some web page's address.
    #expect(try await ask("192.0.2.9") == .failure(.serverFailure(code: 5)))
    #expect(try await ask("192.0.2.8") == .none)
  }

  @Test(arguments: [
    "example.org", "example.org MX mx.example.org", "example.org A 192.0.2.256", "a..b A 192.0.2.1",
    "example.org AAAA 192.0.2.1", "example.org TXT \"open", "example.org NXDOMAIN A", "example.org HINFO a b",
    "example.org SERVFAIL MX A", "example.org MX 65536 a.example", "example.org MX +5 a.example",
  ])
  func brokenLinesAreNamed(_ line: String) {
    let fault = #expect(throws: LiteralZone.Fault.self) { try LiteralZone("a.example A 192.0.2.1\n" + line) }
    #expect(fault?.line == 2 && fault?.text == line)
  }
}
