import Foundation
import SuiteTurns
import Testing

@testable import MTACommands

/// Lines that count what is done.
@Suite(.endsHangs)
struct ProgressTests {
  @Test func aLineTellsDoneLeftAndRate() {
    #expect(
      Progress.line(done: 1200, left: 800, .seconds(5), failed: 3, "mails")
        == "1200 mails done, 800 left, 240/s, 3 failed")
    #expect(Progress.line(done: 3, left: nil, .seconds(2), "copies") == "3 copies done, 1.5/s")
    // More than was due: reports came of it.
    #expect(Progress.line(done: 5, left: -1, .zero, "copies") == "5 copies done, 0 left")
  }

  /// Where standard error is no terminal, `run-queue` says no more than it did.
  @Test func withoutATerminalNothingIsShown() async throws {
    let folder = try TemporaryFolder()
    let text =
      #"{"serverName": "us.example", "isolation": "inProcess", "listeningPorts": ["127.0.0.1:0"], "mtaSTS": false}"#
    try Data(text.utf8).write(to: folder.file("mta.json"))
    let run = try await Command.run("run-queue", "--config", folder.file("mta.json").path)
    #expect(run.status == 0 && run.text == "0 delivered, 0 deferred, 0 failed, 0 held\n")
    #expect(!run.complaint.contains("done"))
  }

  @Test func whatIsNotKnownIsJSON() async throws {
    let folder = try TemporaryFolder()
    let text =
      #"{"serverName": "us.example", "isolation": "inProcess", "listeningPorts": ["127.0.0.1:0"], "mtaSTS": false}"#
    try Data(text.utf8).write(to: folder.file("mta.json"))
    let file = folder.file("mta.json").path
    let one = try await Command.run("explain", "1wKf0g-2xK9aT-3F", "--json", "--config", file)
    #expect(one.status == 1 && one.text == "null\n")
    let some = try await Command.run("explain", "--from", "*@partner.example", "--json", "--config", file)
    #expect(some.status == 1 && some.text == "[]\n")
  }

  @Test func aDamagedFileOfEventsIsNamed() async throws {
    let folder = try TemporaryFolder()
    let text =
      #"{"serverName": "us.example", "isolation": "inProcess", "listeningPorts": ["127.0.0.1:0"], "mtaSTS": false}"#
    try Data(text.utf8).write(to: folder.file("mta.json"))
    let file = folder.file("mta.json").path
    let events = folder.file("mta.db.events").path
    try Data(repeating: 0x41, count: 8192).write(to: folder.file("mta.db.events"))
    let run = try await Command.run("explain", "--from", "*@a.example", "--config", file)
    #expect(run.status == 1 && run.complaint.contains(events), "\(run.complaint)")
  }
}
