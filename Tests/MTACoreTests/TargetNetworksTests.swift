import MTACore
import Testing

/// Which addresses lead to this machine, by whatever form.
struct TargetNetworksTests {
  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.0.1", "224.0.0.1", "239.255.255.255",
    "255.255.255.255",
    "::", "::1", "fe80::1", "febf::1", "ff02::1", "ffff::",
    // What stands for an IPv4 address.
    "::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254",
    "64:ff9b:1::127.0.0.1", "64:ff9b:1:7f00:0:100::", "64:ff9b:1:7f:0:1::", "64:ff9b:1:0:7f:0:100:0", "2002:7f00:1::",
    "2002:7f00:1:2:3:4:5:6", "2002:a9fe:1::1", "2001:0:7f00:1::1", "2001::80ff:fffe", "2001:db8::5efe:127.0.0.1",
    "2001:db8::200:5efe:127.0.0.1",
  ])
  func leadHere(text: String) throws { #expect(Network.noTargets.lead(to: try #require(IPAddress(text)))) }

  @Test(arguments: [
    "1.0.0.0", "126.255.255.255", "128.0.0.1", "169.253.0.1", "10.0.0.1", "192.168.1.1", "223.255.255.255",
    "255.255.255.254", "2001:db8::1", "fec0::1", "fc00::1", "::2:0:0", "64:ff9b::192.0.2.1", "64:ff9b::1:7f00:1",
    "2002:c000:201::1", "2003:7f00:1::", "2001:db8::127.0.0.1",
  ])
  func doNot(text: String) throws { #expect(!Network.noTargets.lead(to: try #require(IPAddress(text)))) }

  /// A case of the enum that the initializer would have unmapped.
  @Test func mappedAddressesAreTakenApart() {
    #expect(Network.noTargets.lead(to: .v6(high: 0, low: 0xffff_7f00_0001)))
    #expect(![Network]().lead(to: .loopback4))
  }

  @Test func networksOfTheOperatorHoldInEachForm() throws {
    let networks = Network.privateNetworks
    for text in [
      "10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::", "100.64.0.1", "172.31.0.1", "fd00::1",
    ] {
      #expect(networks.lead(to: try #require(IPAddress(text))), "\(text)")
    }
    #expect(!networks.lead(to: try #require(IPAddress("172.32.0.1"))))
  }
}
