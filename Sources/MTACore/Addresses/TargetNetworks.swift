extension Network {
  /// Networks without a mail server of a foreign domain: this machine, its links, and addresses that belong to no host (RFC 6890). If
  /// mail for a domain went there, servers that trust this machine would get it, and so would reports to a sender of that domain.
  public static let noTargets: [Network] = [
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255", "::", "::1", "fe80::/10",
    "ff00::/8",
  ].compactMap(Network.init)

  /// Private networks (RFC 1918, RFC 6598, RFC 4193).
  public static let privateNetworks: [Network] = [
    "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
  ].compactMap(Network.init)
}

extension [Network] {
  /// Whether bytes to an address arrive in one of the networks, directly or over a translator or tunnel.
  public func lead(to address: IPAddress) -> Bool {
    if isEmpty { return false }
    return contains { network in network.contains(address) }
      || address.embedded.contains { inner in contains { $0.contains(inner) } }
  }
}

extension IPAddress {
  /// The IPv4 addresses that an IPv6 address stands for, by the forms of which a machine may know the way.
  ///
  /// | form | RFC |
  /// |---|---|
  /// | `::ffff:a.b.c.d`, mapped | 4291 §2.5.5.2 |
  /// | `::a.b.c.d`, compatible | 4291 §2.5.5.1 |
  /// | `::ffff:0:a.b.c.d`, translated | 2765 §2.1 |
  /// | `64:ff9b::a.b.c.d`, NAT64 | 6052 §2.1 |
  /// | `64:ff9b:1:…`, NAT64 of a network of its own, by prefixes of 48, 56, 64 and 96 bits | 8215, 6052 §2.2 |
  /// | `2002:a.b.c.d::`, 6to4 | 3056 §2 |
  /// | `2001:0:…`, Teredo: server and client | 4380 §4 |
  /// | `…:0:5efe:a.b.c.d`, ISATAP | 5214 §6.1 |
  package var embedded: [IPAddress] {
    guard case .v6(let high, let low) = self else { return [] }
    func four(_ bits: UInt64) -> IPAddress { .v4(UInt32(truncatingIfNeeded: bits)) }
    var found: [IPAddress] = []
    switch (high, low >> 32) {
    case (0, 0xffff), (0, 0xffff_0000), (0x0064_ff9b_0000_0000, 0): found.append(four(low))
    // `::` and `::1` are addresses of their own.
    case (0, 0) where low > 1: found.append(four(low))
    default: break
    }
    switch high >> 32 {
    case 0x0064_ff9b where high >> 16 & 0xffff == 1:
      // The eight bits in the middle are not part of it.
      found.append(four(high << 16 & 0xffff_0000 | low >> 40 & 0xffff))
      found.append(four(high << 24 & 0xff00_0000 | low >> 32 & 0x00ff_ffff))
      found.append(four(low >> 24))
      found.append(four(low))
    case 0x2001_0000: found += [four(high), four(~low)]
    case let top where top >> 16 == 0x2002: found.append(four(high >> 16))
    default: break
    }
    if low >> 32 & 0xfdff_ffff == 0x0000_5efe { found.append(four(low)) }
    return found
  }
}
