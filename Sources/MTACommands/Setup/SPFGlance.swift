import MTACore

/// Whether an SPF record names an address by its own terms: `ip4`, `ip6`, `a`, `mx` and `all` (RFC 7208 §5). It is no evaluation: terms that
/// lead to other domains (`include`, `redirect`, `exists`, `ptr`) and macros are not looked into.
struct SPFGlance {
  enum Verdict: Hashable {
    case passes
    /// `-all`, `~all` or `?all` decides, or another term that is no pass.
    case fails
    /// A term that is not looked into may name it.
    case unseen(String)
    case malformed
    case failure(DNSFailure)
  }

  let record: [UInt8]
  let domain: DNSName
  let dns: any DNSLookup

  /// RFC 7208 §4.6.4
  private static let maximumLookups = 10
  private static let maximumTerms = 100

  static func isRecord(_ text: [UInt8]) -> Bool {
    text.starts(with: "v=spf1".utf8) && (text.count == 6 || text[6] == 32)
  }

  func verdict(on address: IPAddress) async -> Verdict {
    guard record.count <= 4096 else { return .malformed }
    let terms = record.split(separator: 32).dropFirst()
    guard terms.count <= Self.maximumTerms else { return .malformed }
    var unseen: String?
    var lookups = 0
    for term in terms {
      let qualifier = term.first.flatMap { Array("+-~?".utf8).contains($0) ? $0 : nil }
      let mechanism = qualifier == nil ? term : term.dropFirst()
      let end = mechanism.firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "=") }
      let name = Self.lower(mechanism[..<(end ?? mechanism.endIndex)])
      let rest = end.map { mechanism[$0...] } ?? mechanism.suffix(0)
      var isMatch = false
      switch name {
      case "all": isMatch = true
      case "ip4", "ip6":
        guard let network = Self.network(rest.dropFirst()) else { return .malformed }
        isMatch = network.contains(address)
      case "a", "mx":
        guard let (target, prefixes) = parts(rest) else {
          unseen = unseen ?? Self.shown(term)
          continue
        }
        lookups += 1
        guard lookups <= Self.maximumLookups else { return .malformed }
        switch await addresses(of: target, isMX: name == "mx") {
        case .found(let found):
          isMatch = found.contains { other in Self.network(other, prefixes)?.contains(address) ?? false }
        case .none: break
        case .failure(let failure): return .failure(failure)
        }
      case "exp": continue
      case "include", "redirect", "exists", "ptr":
        unseen = unseen ?? Self.shown(term)
        continue
      default:
        // RFC 7208 §6: modifiers that are not known are passed over.
        guard end.map({ mechanism[$0] == UInt8(ascii: "=") }) ?? false else { return .malformed }
        continue
      }
      guard isMatch else { continue }
      if qualifier == nil || qualifier == UInt8(ascii: "+") { return .passes }
      return unseen.map { .unseen($0) } ?? .fails
    }
    return unseen.map { .unseen($0) } ?? .fails
  }

  /// `:domain/24//64`, each part optional; nil for macros, and for what is no name.
  private func parts(_ text: ArraySlice<UInt8>) -> (DNSName, (four: Int, six: Int))? {
    var target = domain
    var text = text
    if text.first == UInt8(ascii: ":") {
      let name = text.dropFirst().prefix { $0 != UInt8(ascii: "/") }
      guard !name.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: ":") }),
        let given = DNSName(bytes: name)
      else { return nil }
      target = given
      text = text.dropFirst(1 + name.count)
    }
    var prefixes = (four: 32, six: 128)
    if text.isEmpty { return (target, prefixes) }
    let fields = text.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard text.first == UInt8(ascii: "/"), fields.count <= 3 else { return nil }
    if let first = fields.first, !first.isEmpty {
      guard let length = Self.number(first), length <= 32 else { return nil }
      prefixes.four = length
    }
    if fields.count > 1 {
      guard let last = fields.last, let length = Self.number(last), length <= 128 else { return nil }
      prefixes.six = length
    }
    return (target, prefixes)
  }

  private func addresses(of name: DNSName, isMX: Bool) async -> DNSResult<[IPAddress]> {
    guard isMX else { return await dns.addresses(of: name) }
    switch await dns.mailExchangers(of: name) {
    case .found(let exchangers): return .found(exchangers.prefix(Self.maximumLookups).flatMap(\.addresses))
    case .none: return .none
    case .failure(let failure): return .failure(failure)
    }
  }

  private static func network(_ text: ArraySlice<UInt8>) -> Network? {
    guard text.count <= 50 else { return nil }
    return Network(String(decoding: text, as: UTF8.self))
  }

  private static func network(_ address: IPAddress, _ prefixes: (four: Int, six: Int)) -> Network? {
    if case .v4 = address { return Network(address, prefixLength: prefixes.four) }
    return Network(address, prefixLength: prefixes.six)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
  }

  private static func lower(_ text: ArraySlice<UInt8>) -> String {
    String(decoding: text.prefix(64).map { (65...90).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  private static func shown(_ term: ArraySlice<UInt8>) -> String { String(decoding: term.prefix(80), as: UTF8.self) }
}
