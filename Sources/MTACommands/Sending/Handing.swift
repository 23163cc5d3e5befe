import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// Brings a mail on its way: to the server, into the queue, or into the drop folder.
struct Handing<Program: MailServerCommand> {
  let settings: Settings?
  let mail: SubmittedMail

  func run() async throws {
    guard let way = MailServer.submissionWay(settings) else { throw Self.noWay }
    guard let end = try await hand(in: way) else { return }
    // What it has not taken goes as if it were not there. If its answer was lost, the mail may come twice; it is not lost.
    if case .server = way, end.queued.isEmpty, end.serverHasGone,
      let other = MailServer.submissionWayWithoutServer(settings)
    {
      if let end = try await hand(in: other) { try tell(end) }
      return
    }
    try tell(end)
  }

  /// - Returns: nil where the mail lies in the folder.
  private func hand(in way: SubmissionWay) async throws -> SubmissionEnd? {
    switch way {
    case .server(let socket): return SubmissionClient(socket).send(mail)
    case .queue:
      guard let settings else { throw Self.noWay }
      var end: SubmissionEnd?
      try await explained {
        end = try await MailServer.withSubmission(settings, try Program.parts(settings)) { [mail] in
          SubmissionClient($0).send(mail)
        }
      }
      return end
    case .folder(let folder):
      guard MailServer.maySend(from: mail.sender, settings) else {
        throw refusal("the sender is not yours", .noPermission)
      }
      do throws(FileFailure) { try DropFile.write(mail, into: folder) } catch {
        throw refusal("no server answers, and the mail cannot be kept for one: \(error)", .tryAgain)
      }
      return nil
    }
  }

  /// Says what was refused, and ends with the code of it.
  private func tell(_ end: SubmissionEnd) throws {
    for refused in end.refused.prefix(1000) {
      var text = ""
      text.append(escaping: "\(refused.recipient): \(refused.reply)")
      Output.complain(text)
    }
    switch end.failure {
    case .reply(let reply)?:
      let rest = end.queued.isEmpty ? "" : "not all recipients get the mail: "
      throw refusal("\(rest)\(reply)", end.queued.isEmpty ? Self.code(of: reply) : .unavailable)
    case .broken(let reason)?: throw refusal("the mail is not queued: \(reason)", .tryAgain)
    case nil: if !end.refused.isEmpty { throw ExitCode.noUser }
    }
  }

  private static func code(of reply: RemoteReply) -> ExitCode {
    if reply.isTransient { return .tryAgain }
    return reply.enhanced?.subject == 7 ? .noPermission : .wrongData
  }

  private static var noWay: ExitCode {
    refusal("no server answers, and there is no folder maildrop that could keep the mail for one", .unavailable)
  }
}

extension SubmissionEnd {
  /// The server ended, or is about to, or has no room for one more.
  fileprivate var serverHasGone: Bool {
    switch failure {
    case .broken: true
    case .reply(let reply): reply.code == 421
    case nil: false
    }
  }
}
