public import MTACore

extension Receiver {
  /// Time limits.
  public struct Timing: Hashable, Sendable {
    /// The session ends when the client is silent for this time between commands, or between pieces of content. Default 300 s (RFC 5321
    /// §4.5.3.2.7).
    public var command: Duration = .seconds(300)
    /// The time from DATA to the end of the content. Default 1,800 s.
    public var content: Duration = .seconds(1800)
    /// The least bytes a second on average, checked once the content has taken a minute. A slower client is timed out. Default 100; 0
    /// allows any rate.
    public var minimumContentRate = 100
    /// The longest session. A longer one ends between two mails. Default 6 hours.
    public var session: Duration = .seconds(21_600)
    /// A hook's time. Then it is cancelled, and the client gets 451. Default 30 s.
    public var hookBudget: Duration = .seconds(30)
    /// Budgets of hooks that need another one. Default: none. `SessionConfiguration.hookFailures` says what happens to the command of a
    /// late hook.
    public var hookBudgets: [HookName: Duration] = [:]
    /// A cancelled hook's time to end. Then the connection is closed. Default 5 s.
    public var hookGrace: Duration = .seconds(5)
    /// How long a closed connection waits for the client to close. Default 2 s.
    public var linger: Duration = .seconds(2)
    /// How long a proxy may take to send its header. Default 10 s.
    public var proxyHeader: Duration = .seconds(10)

    public init() {}

    func budget(of question: Question) -> Duration {
      hookBudgets.isEmpty ? hookBudget : question.hook.flatMap { hookBudgets[$0] } ?? hookBudget
    }
  }
}
