import MTACore
package import NIOCore

extension LinkClient {
  package struct Configuration: Sendable {
    /// Content of one mail that is kept in this process's memory and sent with its message. More goes into shared memory. Default
    /// 128 KiB.
    package var spillThreshold = 131_072
    /// Content of all arriving mails together. Beyond it, mail gets 452. Default 256 MiB.
    package var maximumContent = 256 << 20
    /// How long a commit waits for the queue process when it is away. Default 10 s.
    package var commitPatience = Duration.seconds(10)
    /// How long a connection waits for the desk when the queue process is away. Then it is let in. Default 1 s.
    package var deskPatience = Duration.seconds(1)
    /// Waits for a time. Default: the system's clock.
    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Reads answers; those for its own tasks wake nobody. Nil: a thread does.
    package var loop: (any EventLoop)?
    /// Is told what the log should know of.
    package var notice: @Sendable (String) -> Void = { _ in }

    package init() {}
  }
}
