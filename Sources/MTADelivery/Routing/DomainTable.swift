public import MTACore

/// Values by domain. A pattern is a domain (`example.org`), all domains below one (`.example.org`), or `*` for all others. The closest
/// pattern wins.
///
/// ```swift
/// var table = DomainTable<Int>()
/// _ = table.set(1, for: "example.org")
/// _ = table.set(2, for: ".example.org")
/// table.match(Domain("a.b.example.org"))   // (".example.org", 2)
/// ```
public struct DomainTable<Value: Sendable>: Sendable {
  private var values: [String: Value] = [:]

  public init() {}

  public var isEmpty: Bool { values.isEmpty }
  /// The patterns, in no order.
  public var patterns: [String] { Array(values.keys) }

  /// - Returns: false when the text is not a pattern.
  public mutating func set(_ value: Value, for pattern: String) -> Bool {
    guard let pattern = Self.normal(pattern) else { return false }
    values[pattern] = value
    return true
  }

  /// The value for a domain, and its pattern.
  public func match(_ domain: Domain) -> (pattern: String, value: Value)? {
    if values.isEmpty { return nil }
    let name = domain.canonical.description
    if let value = values[name] { return (name, value) }
    if case .name = domain {
      var rest = name[...]
      while let dot = rest.firstIndex(of: ".") {
        let suffix = String(rest[dot...])
        if let value = values[suffix] { return (suffix, value) }
        rest = rest[rest.index(after: dot)...]
      }
    }
    return values["*"].map { ("*", $0) }
  }

  private static func normal(_ pattern: String) -> String? {
    if pattern == "*" { return pattern }
    let isBelow = pattern.hasPrefix(".")
    guard let domain = Domain(isBelow ? String(pattern.dropFirst()) : pattern, international: true) else { return nil }
    if case .literal = domain { return isBelow ? nil : domain.description }
    guard let name = domain.dnsName else { return nil }
    return (isBelow ? "." : "") + name.description
  }
}

extension DomainTable: Equatable where Value: Equatable {}
extension DomainTable: Hashable where Value: Hashable {}
