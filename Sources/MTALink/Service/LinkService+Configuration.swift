package import MTACore
package import MTASystem

extension LinkService {
  package struct Configuration: Sendable {
    /// Commits of one link that are under way. Beyond it, and beyond the other bounds, nothing more of the link is read.
    package var maximumCommits = 1024
    /// Questions of one link that are under way.
    package var maximumQuestions = 16_384
    /// Bytes in memory for the commits of one link, about. One commit is always taken. Default 64 MiB.
    package var maximumMemory = 64 << 20
    /// Connections that one link may have entered, and logins that it may hold.
    package var maximumConnections = 100_000

    /// What an envelope must be like.
    package var rule = EnvelopeRule()
    /// Answers for credentials; nil if receivers check them on their own.
    package var authenticate: (@Sendable (Credentials, IPAddress) async -> LoginAnswer)?
    /// The original of a rewritten sender (SRS). Default: there is none.
    package var restore: @Sendable (Mailbox) async -> Restoration = { _ in .unknown }
    /// The sender of a forwarded copy. Default: its own.
    package var rewrite: @Sendable (Mailbox) async -> Mailbox? = { _ in nil }
    /// Keeps an event. Nil: none is kept.
    package var event: (@Sendable (EventRecord) -> Void)?
    /// Is given the lines of dialogues, and how many were dropped before each. Called on the links' threads. Nil: none are wanted.
    package var dialogue: (@Sendable (TracedLine, UInt64) -> Void)?
    package var clock: any WallClock = SystemClock()
    /// Is told what the log should know of.
    package var notice: @Sendable (String) -> Void = { _ in }

    package init() {}
  }

  package enum LoginAnswer: Hashable, Sendable {
    case right(ClientRecord)
    case wrong
    /// They could not be verified.
    case failed
  }
}
