import ArgumentParser
import MTACore
import MTAServer

/// `verify`.
struct VerifyCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "verify", abstract: "Look whether database and content files are whole.",
      discussion: """
        Changes nothing, and works beside a running server and without one. It compares rows with files: missing ones and sizes. With \
        --contents it also reads all contents, compares them with the checksums that they got when they were accepted, and checks all of \
        the database, which takes long for a large queue.

        Example: \(ProgramName.own) verify --contents

        Exits 0 when all is whole, 65 when something is damaged or missing, 64 for settings that cannot be used, 78 when the database was \
        written by a newer program. --json prints an object: whole, mails, files, bytes, matching, withoutChecksum, arriving, leftovers, \
        problems (kind, mail, text), problemCount.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Flag(help: "Read all contents and compare them with their checksums.") var contents = false
  @Flag(help: "Print a JSON object.") var json = false

  func run() async throws {
    let settings = try file.read()
    try await explained {
      var progress = Progress("mails looked at")
      let report = try MailServer.verify(settings, try Program.parts(settings), contents: contents) {
        progress.show($0)
      }
      progress.end()
      if json { try Output.json(report) } else { try print(report) }
      if !report.whole { throw ExitCode.wrongData }
    }
  }

  private func print(_ report: MailServer.Verification) throws {
    let table = Table([.init("PROBLEM"), .init("MAIL"), .init("WHAT")]) { Output.bytes($0) }
    for problem in report.problems { try table.add([problem.kind, problem.mail ?? "-", problem.text]) }
    try table.end()
    if report.problemCount > report.problems.count {
      Output.line("and \(report.problemCount - report.problems.count) more")
    }
    for name in report.leftovers {
      var text = ""
      text.append(escaping: name)
      Output.line("no mail names the file \(text): the next start removes it")
    }
    var line = "\(report.mails) mails, \(report.files) of them with a file"
    if contents {
      line += "; \(report.matching) contents match their checksums (\(report.bytes) bytes read)"
      if report.withoutChecksum > 0 { line += ", \(report.withoutChecksum) have none" }
    }
    Output.line(line)
    Output.line(
      report.whole
        ? "nothing is wrong" : "\(report.problemCount) problem\(report.problemCount == 1 ? "" : "s")")
  }
}
