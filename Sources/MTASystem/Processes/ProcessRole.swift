import NIOConcurrencyHelpers

/// What this process is for: a server may be one process or several.
///
/// `main` runs in each of them, for each is the same program started again. Code before `MailServer` must be harmless everywhere, or ask:
///
/// ```swift
/// if ProcessRole.current == .standalone || ProcessRole.current == .queue { print("the queue is here") }
/// ```
///
/// The processes but the master have few rights from the start, before `main`: no root, no files but those of their role.
public struct ProcessRole: Hashable, Sendable, CustomStringConvertible {
  private enum Kind: String { case standalone, master, queue, acceptor, receiver, web }
  private let kind: Kind

  /// The one process of its server, or a command beside a server. The default.
  public static let standalone = Self(kind: .standalone)
  /// Starts and watches the others. It may be root, and it has the name from the moment that the server runs: before, in `main`, it is
  /// ``standalone``.
  public static let master = Self(kind: .master)
  /// Has database and queue, and delivers.
  public static let queue = Self(kind: .queue)
  /// Accepts connections where each has a process of its own, asks whether a client is served at all, and starts those processes.
  public static let acceptor = Self(kind: .acceptor)
  /// Has connections of clients, and asks the hooks.
  public static let receiver = Self(kind: .receiver)
  /// Answers operators' browsers and programs.
  package static let web = Self(kind: .web)

  /// The role of this process. It may be asked at any time and on every thread.
  public static var current: Self { chosen.withLockedValue { $0 } ?? LaunchOrder.own?.role ?? .standalone }

  /// From now on ``current`` is ``master``. The server says so when it starts others.
  package static func becomeMaster() { chosen.withLockedValue { $0 = .master } }

  private static let chosen = NIOLockedValueBox<Self?>(nil)

  private init(kind: Kind) { self.kind = kind }

  /// Nil for a word that is no role.
  package init?(_ word: some StringProtocol) {
    guard let kind = Kind(rawValue: String(word)) else { return nil }
    self.kind = kind
  }

  /// The word in log lines and orders: `receiver`.
  public var description: String { kind.rawValue }
}
