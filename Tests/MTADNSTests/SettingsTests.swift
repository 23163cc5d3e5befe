import MTACore
import MTADNS
import Testing

struct SettingsTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1:53"), ("192.0.2.1:5353", "192.0.2.1:5353"), ("2001:db8::1", "[2001:db8::1]:53"),
    ("[2001:db8::1]", "[2001:db8::1]:53"), ("[2001:db8::1]:5353", "[2001:db8::1]:5353"), ("[::1]:1", "[::1]:1"),
    ("tls:192.0.2.1", "tls:192.0.2.1:853"), ("tls:192.0.2.1:8853#dns.example", "tls:192.0.2.1:8853#dns.example"),
    ("tls:2001:db8::1#DNS.example.", "tls:[2001:db8::1]:853#dns.example"), ("tls:[::1]:853", "tls:[::1]:853"),
  ])
  func readsServers(_ text: String, _ expected: String) { #expect(DNSServer(text)?.description == expected) }

  @Test(arguments: [
    "", ":", "dns.example", "dns.example:53", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:+53",
    "192.0.2",
    "[2001:db8::1", "2001:db8::1]:53", "[192.0.2.1:53", "[]:53", "fe80::1%eth0", "tls:", "tls:dns.example",
    "tls:192.0.2.1#", "tls:192.0.2.1#a#b", "tls:192.0.2.1#-a", "TLS:192.0.2.1",
    "192.0.2.1#dns.example", "tls:tls:192.0.2.1",
  ])
  func refusesServers(_ text: String) { #expect(DNSServer(text) == nil) }

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
    #expect(configuration.servers.map(\.description) == ["192.0.2.1:53", "[2001:db8::1]:53"])
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
