import ArgumentParser
import MTAServer

/// ```
/// $ ExampleServer man --out /usr/local/share/man/man8
/// ```
///
/// Hidden: it is for whoever packs the program. Pages have the name that the program was started by.
struct ManCommand<Program: MailServerCommand>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "man", abstract: "Write the manual pages of this program.",
      discussion: """
        One page for the program and one for each command, of section 8, made from what the commands declare. Pages that are there are \
        replaced. Exits 0 when all are written, 73 when one cannot be.

        Example: \(ProgramName.own) man --out /usr/local/share/man/man8
        """, shouldDisplay: false)
  }

  @Option(help: "The folder, which is there already.") var out: String

  func run() throws {
    let pages = try ManPages(of: Root<Program>._dumpHelp(), version: MailServer.version).pages
    for page in pages {
      do throws(DKIMTrouble) { try LocalFile.replace(out + "/" + page.name, Array(page.text.utf8)) } catch {
        throw refusal("Error: \(error.text)", .cannotCreate)
      }
    }
    Output.line("\(pages.count) pages are in \(SettingsTables.shown(out))")
  }
}
