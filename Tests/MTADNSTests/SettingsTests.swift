import MTACore
import MTADNS
import NIOCore
import Testing

struct SettingsTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1:53"), ("192.0.2.1:5353", "192.0.2.1:5353"), ("2001:db8::1", "[2001:db8::1]:53"),
    ("[2001:db8::1]", "[2001:db8::1]:53"), ("[2001:db8::1]:5353", "[2001:db8::1]:5353"), ("[::1]:1", "[::1]:1"),
    ("tls:192.0.2.1", "tls:192.0.2.1:853"), ("tls:192.0.2.1:8853#dns.example", "tls:192.0.2.1:8853#dns.example"),
    ("tls:2001:db8::1#DNS.example.", "tls:[2001:db8::1]:853#dns.example"), ("tls:[::1]:853", "tls:[::1]:853"),
    ("fe80::1%eth0", "[fe80::1%eth0]:53"), ("[fe80::1%2]:5353", "[fe80::1%2]:5353"),
    ("[febf::1%br-lan.2]", "[febf::1%br-lan.2]:53"),
    ("tls:[fe80::1%eth0]:853#dns.example", "tls:[fe80::1%eth0]:853#dns.example"),
    ("tls:fe80::1%eth0", "tls:[fe80::1%eth0]:853"),
  ])
  func readsServers(_ text: String, _ expected: String) { #expect(DNSServer(text)?.description == expected) }

  @Test(arguments: [
    "", ":", "dns.example", "dns.example:53", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:+53",
    "192.0.2",
    "[2001:db8::1", "2001:db8::1]:53", "[192.0.2.1:53", "[]:53", "fe80::1%", "fe80::1%a b", "fe80::1%a%b",
    "fe80::1%0123456789abcdef", "2001:db8::1%eth0", "fec0::1%eth0",
    "192.0.2.1%eth0", "fe80::1%eth0:53", "[fe80::1]%eth0", "tls:", "tls:dns.example",
    "tls:192.0.2.1#", "tls:192.0.2.1#a#b", "tls:192.0.2.1#-a", "TLS:192.0.2.1",
    "192.0.2.1#dns.example", "tls:tls:192.0.2.1",
  ])
  func refusesServers(_ text: String) { #expect(DNSServer(text) == nil) }

  /// A zone becomes the number of the interface; while there is none of the name, there is nowhere to send to.
  @Test func zonesAreInterfaces() throws {
    #expect(DNSServer("fe80::1%none-such")?.socketAddress == nil)
    #expect(DNSServer("fe80::1%none-such")?.security == .plain)
    let plain = try #require(DNSServer("[fe80::1]:5353")?.socketAddress)
    let first = try #require(DNSServer("[fe80::1%1]:5353")?.socketAddress)
    let second = try #require(DNSServer("[fe80::1%2]:5353")?.socketAddress)
    #expect(
      Set([plain, first, second].map { $0.withSockAddr { Array(UnsafeRawBufferPointer(start: $0, count: $1)) } }).count
        == 3)
    #expect([first, second].allSatisfy { $0.port == 5353 })
  }

  @Test func readsResolvConf() {
    let configuration = ResolverConfiguration(
      resolvConf: """
        # made by hand
        domain example.org
        search example.org example.net
        ; nameserver 192.0.2.99
        nameserver 192.0.2.1
        \tnameserver\t2001:db8::1  \r
        nameserver fe80::1%eth0
        nameserver
        nameserver dns.example
        options ndots:5 timeout:4 attempts:99 rotate trust-ad
        sortlist 130.155.160.0
        """)
    #expect(
      configuration.servers.map(\.description) == ["192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%eth0]:53"])
    #expect(configuration.patience == .seconds(4))
    #expect(configuration.attempts == 5)
    #expect(configuration.trustsAuthenticatedData)
  }

  @Test func defaults() {
    let configuration = ResolverConfiguration(resolvConf: "options timeout:x attempts: timeout:-1")
    #expect(configuration == ResolverConfiguration(servers: [DNSServer(.loopback4)]))
    #expect(ResolverConfiguration.system(path: "/nonexistent/resolv.conf") == configuration)
    let many = (1...20).map { "nameserver 192.0.2.\($0)\n" }.joined()
    #expect(ResolverConfiguration(resolvConf: many).servers.count == 8)
    #expect(ResolverConfiguration(resolvConf: "options timeout:0 attempts:0").attempts == 1)
  }
}
