import ArgumentParser
import MTACore
import MTAServer
import MTASystem
import NIOCore

/// `queue show`: one mail with everything that the queue knows of it.
struct QueueShow<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "show", abstract: "Show one mail: its envelope, and each copy, those that are done among them.",
      discussion: """
        Example: \(ProgramName.own) queue show 1wKf0g-2xK9aT-3F

        --json prints an object: id, sender, accepted, settled, size, client, login, attributes, copies (the keys of queue list, and host, \
        tls, policy, order, expires).
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The mail's id.") var id: MailArgument
  @Flag(help: "Print a JSON object.") var json = false

  func run() async throws {
    let settings = try file.read()
    try await explained {
      guard let mail = try await MailServer.queuedMail(id.id, settings, try Program.parts(settings)) else {
        throw refusal("there is no mail \(id.id)")
      }
      let report = MailReport(id: id.id, mail: mail, now: SystemClock().now)
      if json {
        try Output.json(report)
      } else {
        for line in report.lines { Output.bytes(Array((line + "\n").utf8)) }
      }
    }
  }
}

/// `queue cat`: the mail itself.
struct QueueCat<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "cat", abstract: "Print a waiting mail as it would be delivered.",
      discussion: """
        The bytes are raw, so do not print the mail of a stranger on a terminal: use | less or | cat -v. Lines end in CR LF. Signatures, and \
        what is added for single recipients, are not in it.

        Example: \(ProgramName.own) queue cat 1wKf0g-2xK9aT-3F > mail.eml
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The mail's id.") var id: MailArgument
  @Flag(help: "Print it on a terminal, with characters that would control it escaped.") var escaped = false

  func run() async throws {
    let settings = try file.read()
    try await explained {
      if Terminal.isOutput, !escaped {
        throw refusal(
          "the bytes of a stranger are not for a terminal: say --escaped, or send them to a file or a pager", .misused)
      }
      let escapes = escaped
      do {
        try await MailServer.readMail(id.id, settings, try Program.parts(settings)) { piece in
          Output.bytes(escapes ? EscapedBytes.lines(piece.readableBytesView) : Array(piece.readableBytesView))
        }
      } catch let failure as StoreFailure { throw refusal(failure.sentence) }
    }
  }
}
