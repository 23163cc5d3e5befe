import Foundation
import MTATestSupport
import SuiteTurns
import Testing

@testable import MTACommands

private let groff = ["/usr/bin/groff", "/usr/local/bin/groff", "/opt/homebrew/bin/groff"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}

/// The manual pages that `man` writes.
@Suite(.takesTurns, .endsHangs)
struct ManCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write() async throws -> [String: String] {
    let run = try await Command.run("man", "--out", folder.url.path)
    #expect(run.status == 0, "\(run.complaint)")
    var pages: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
      pages[name] = try String(contentsOf: folder.file(name), encoding: .utf8)
    }
    return pages
  }

  @Test func everyCommandHasAPageUnderTheProgramsOwnName() async throws {
    let pages = try await write()
    for name in ["", "-serve", "-queue", "-queue-list", "-user-add", "-bench", "-replies", "-send"] {
      #expect(pages["ExampleServer\(name).8"] != nil, "\(name)")
    }
    // Hidden commands have none.
    #expect(pages["ExampleServer-man.8"] == nil && pages["ExampleServer-help.8"] == nil)
    let main = try #require(pages["ExampleServer.8"])
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "SETTINGS", "EXIT STATUS", "FILES", "ENVIRONMENT"] {
      #expect(main.contains(".SH \"\(section)\"\n"), "\(section)")
    }
    for word in [".B \"serverName\"", ".B \"78\"", ".B \"130, 143\"", "MTA_CONFIG", "/etc/mta/mta.json"] {
      #expect(main.contains(word), "\(word)")
    }
    let list = try #require(pages["ExampleServer-queue-list.8"])
    #expect(list.contains("--older-than <older-than>".replacing("-", with: "\\-")))
    #expect(list.contains("ExampleServer\\-queue(8)"))
    // A link of another name is an adopter's program.
    let link = folder.file("shop").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Command.executable.path)
    let out = folder.file("pages").path
    #expect(try await Command.shell("mkdir '\(out)' && '\(link)' man --out '\(out)'").status == 0)
    let own = try String(contentsOfFile: out + "/shop-explain.8", encoding: .utf8)
    #expect(own.contains("shop explain") && !own.contains("ExampleServer"))
  }

  @Test func aFolderThatIsNotThereIsTold() async throws {
    let run = try await Command.run("man", "--out", folder.file("away").path)
    #expect(run.status == 73 && run.complaint.contains("No such file"))
  }

  @Test(.enabled(if: groff != nil, "groff is not installed"))
  func groffHasNoWarning() async throws {
    let program = try #require(groff)
    for (name, _) in try await write() {
      let complaints = folder.file("complaints").path
      let child = try ChildProcess(
        program, ["-ww", "-man", "-Tutf8", "-z", "-K", "utf8", folder.file(name).path], complaints: .file(complaints))
      #expect(await child.end() == 0)
      #expect(try String(contentsOfFile: complaints, encoding: .utf8) == "", "\(name)")
    }
  }

  @Test func textCannotBecomeARequest() {
    var page = Roff()
    page.prose(".so /etc/passwd\n'br\n\n  .sh x\\y\u{1b}\n")
    page.item("\"q\"\n.x", "a\n.b -c é")
    let lines = page.text.split(separator: "\n")
    let requests = lines.filter { $0.hasPrefix(".") || $0.hasPrefix("'") }.map { $0.prefix { $0 != " " } }
    #expect(requests == [".PP", ".PP", ".nf", ".fi", ".TP", ".B"])
    #expect(page.text.contains("\\&.so /etc/passwd \\(aqbr\n") && page.text.contains("  .sh x\\(rsy \n"))
    #expect(page.text.contains(".B \"\\(dqq\\(dq .x\"\na .b \\-c \\[u00E9]\n"))
  }

  /// One table of exit codes, in two places.
  @Test func exitCodesAreThoseOfTheDocumentation() throws {
    var root = URL(filePath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let page = try String(contentsOf: root.appending(path: "Docs/COMMANDS.md"), encoding: .utf8)
    for code in ExitMeaning.all { #expect(page.contains("| \(code.codes) | \(code.meaning) |\n")) }
    let section = try #require(page.split(separator: "## Exit codes\n").last?.split(separator: "\n## ").first)
    #expect(section.split(separator: "\n").count { $0.hasPrefix("| ") } == ExitMeaning.all.count + 1)
  }
}
