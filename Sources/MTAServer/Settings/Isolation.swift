extension Settings {
  /// How many processes a server is. Under all but ``inProcess`` a master binds the ports and reads keys, and unprivileged processes
  /// serve.
  ///
  /// ```swift
  /// var settings = try Settings(serverName: "mail.shop.example")
  /// settings.isolation = .workers(4)
  /// ```
  public enum Isolation: Hashable, Sendable {
    /// One process does everything: for development, tests, and servers that are not started as root.
    case inProcess
    /// So many receivers, 1 to 64, beside one process for the queue.
    case workers(Int)
    /// A process for each connection, at most `limit` at a time, 1 to 4,096. An address has at most a tenth of them, and ten in any case.
    case processPerConnection(limit: Int = 256)
  }

  /// ``isolation``, or if there is none its default: ``Isolation/inProcess``, and ``Isolation/workers(_:)`` with 2 in a process of root.
  public var effectiveIsolation: Isolation { effectiveIsolation(asRoot: Accounts.isRoot) }

  package func effectiveIsolation(asRoot: Bool) -> Isolation { isolation ?? (asRoot ? .workers(2) : .inProcess) }

  /// What a hook may reach in the file system, beside what every program needs.
  public struct ReceiverPath: Hashable, Sendable {
    /// Of a file, or of a folder with all that is in it. Absolute.
    public var path: String
    /// Hooks may also write there, and make and remove files.
    public var isWritable: Bool

    public init(_ path: String, isWritable: Bool = false) {
      self.path = path
      self.isWritable = isWritable
    }
  }
}

extension Settings.Isolation: LosslessStringConvertible {
  /// `inProcess`, `workers`, `workers:N`, `processPerConnection` or `processPerConnection:N`.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let count = parts.count > 1 ? Self.count(parts[1]) : nil
    if parts.count > 1, count == nil { return nil }
    switch parts[0] {
    case "inProcess":
      guard count == nil else { return nil }
      self = .inProcess
    case "workers":
      guard (1...64).contains(count ?? 2) else { return nil }
      self = .workers(count ?? 2)
    case "processPerConnection":
      guard (1...4096).contains(count ?? 1) else { return nil }
      self = count.map { .processPerConnection(limit: $0) } ?? .processPerConnection()
    default: return nil
    }
  }

  /// Digits alone: `Int` takes a sign, too.
  private static func count(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }

  public var description: String {
    switch self {
    case .inProcess: "inProcess"
    case .workers(let count): "workers:\(count)"
    case .processPerConnection(let limit): "processPerConnection:\(limit)"
    }
  }
}

extension Settings.ReceiverPath: LosslessStringConvertible {
  /// `PATH`, or `rw:PATH` for one that may be written, too.
  public init?(_ text: String) {
    let isWritable = text.hasPrefix("rw:")
    let path = isWritable ? String(text.dropFirst(3)) : text
    guard !path.isEmpty, !path.utf8.contains(0) else { return nil }
    self.init(path, isWritable: isWritable)
  }

  public var description: String { (isWritable ? "rw:" : "") + path }
}
