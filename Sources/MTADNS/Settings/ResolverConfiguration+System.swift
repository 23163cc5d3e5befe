import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension ResolverConfiguration {
  /// The servers and options of a resolv.conf(5) file, by default the system's. If there is no file, or no server in it, 127.0.0.1 is
  /// asked, as resolv.conf(5) says. At most 64 KiB of the file are read.
  public static func system(path: String = "/etc/resolv.conf") -> ResolverConfiguration {
    ResolverConfiguration(resolvConf: contents(of: path) ?? "")
  }

  /// Reads the text of a resolv.conf(5) file: `nameserver` (the first 8 that are addresses, a link-local one with a zone such
  /// as `%eth0`) and, of `options`, `timeout:`, `attempts:` and `trust-ad`.
  ///
  /// `search`, `domain` and `ndots` are ignored on purpose: mail names are complete, and a suffix behind them would send mail to the
  /// wrong host (RFC 5321 §2.3.5). Unknown lines and options are ignored as well.
  public init(resolvConf text: String) {
    self.init(servers: [])
    for line in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
      let words = line.split(whereSeparator: { $0 == 32 || $0 == 9 }).map { String(decoding: $0, as: UTF8.self) }
      switch words.first {
      case "nameserver":
        if words.count > 1, servers.count < 8, let server = DNSServer(address: words[1]) { servers.append(server) }
      case "options": for word in words.dropFirst() { apply(option: word) }
      default: break
      }
    }
    if servers.isEmpty { servers = [DNSServer(.loopback4)] }
  }

  private mutating func apply(option: String) {
    let parts = option.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    let number = parts.count == 2 ? Self.number(parts[1]) : nil
    switch (parts.first.map { String(decoding: $0, as: UTF8.self) }, number) {
    // resolv.conf(5) caps the two at 30 and 5.
    case ("timeout", let seconds?): patience = .seconds(min(max(seconds, 1), 30))
    case ("attempts", let count?): attempts = min(max(count, 1), 5)
    case ("trust-ad", _): trustsAuthenticatedData = true
    default: break
    }
  }

  private static func number(_ digits: some Collection<UInt8>) -> Int? {
    guard (1...4).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
  }

  private static func contents(of path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while text.count < 65_536 {
      let count = read(file, &piece, piece.count)
      guard count > 0 else { break }
      text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }
}
