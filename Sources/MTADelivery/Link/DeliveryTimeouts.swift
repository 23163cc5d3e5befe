import MTACore

/// How long the sending side waits, step by step. The defaults are those of RFC 5321 §4.5.3.2.
public struct DeliveryTimeouts: Hashable, Sendable {
  /// The time to connect to one address; default 30 seconds.
  public var connect: Duration = .seconds(30)
  /// The time to the greeting; default 5 minutes.
  public var greeting: Duration = .seconds(300)
  /// The time to the answer to EHLO, STARTTLS, AUTH, RSET, MAIL and RCPT; default 5 minutes.
  public var command: Duration = .seconds(300)
  /// The time to the answer to DATA; default 2 minutes.
  public var data: Duration = .seconds(120)
  /// The time to send one piece of content (64 KiB); default 3 minutes.
  public var content: Duration = .seconds(180)
  /// The time to the answer to the end of the content; default 10 minutes. If the client leaves earlier, the server may have taken the
  /// mail, and then gets it twice (RFC 1047).
  public var endOfContent: Duration = .seconds(600)
  /// The time of one mail from MAIL to its last answer, however long each step takes; default 1 hour, and a second more for every 10
  /// KiB.
  public var mail: Duration = .seconds(3600)
  /// The time of the TLS handshake; default 1 minute.
  public var handshake: Duration = .seconds(60)
  /// The time to the answer to QUIT; default 5 seconds, because nothing depends on it.
  public var quit: Duration = .seconds(5)

  public init() {}

  /// - Parameter command: for the greeting and every command but DATA (`queueRunnerTimeout`).
  public init(command: Duration) {
    self.command = command
    greeting = command
  }

  func amount(forMailOf size: Int) -> Duration { mail + .seconds(max(0, size) / 10_240) }

  func amount(for phase: ClientPhase) -> Duration? {
    switch phase {
    case .greeting: greeting
    case .hello, .startTLS, .auth, .rset, .mail, .rcpt: command
    case .data: data
    case .content: content
    case .endOfContent: endOfContent
    case .quit: quit
    case .idle: nil
    }
  }
}
