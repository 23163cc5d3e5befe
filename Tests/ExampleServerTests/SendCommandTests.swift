import Foundation
import SuiteTurns
import Testing

/// `send` and a link named sendmail, as programs start them. No server runs.
@Suite(.endsHangs)
struct SendCommandTests {
  private struct Entry: Decodable {
    var id, sender, recipient, domain, state: String
  }

  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.file("mta.json").path
    try settings()
  }

  private func settings(_ more: String = "") throws {
    let text = """
      {"serverName": "us.example", "isolation": "inProcess", "listeningPorts": ["127.0.0.1:0"], "mtaSTS": false,
       "localDomains": ["village.example"], "users": {"ann@village.example": "*"}, "routes": {"fail.example": "fail:no mail there"},
       "aliases": {"root@us.example": ["ann@village.example"]}\(more)}
      """
    try Data(text.utf8).write(to: folder.file("mta.json"))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
  }

  private func send(_ arguments: String..., input: String) async throws -> Command.Run {
    try await Command.run(["send", "--config", file] + arguments, input: Data(input.utf8))
  }

  private func list() async throws -> [Entry] {
    try await Command.run("queue", "list", "--json", "--config", file).json()
  }

  @Test func whoMayOpenTheQueueFindsTheMailThereWhenSendEnds() async throws {
    let run = try await send(
      "-i", "-f", "x@shop.example", "b@far.example", "c@fail.example", input: "Subject: x\n\n.\nhello\n")
    #expect(run.status == 0 && run.text.isEmpty && run.complaint.isEmpty, "\(run.complaint)")
    let entries = try await list()
    #expect(entries.map(\.recipient) == ["b@far.example", "c@fail.example"])
    #expect(entries.allSatisfy { $0.sender == "x@shop.example" && $0.state == "waiting" })
  }

  @Test func recipientsAreFoundInTheHeaderSection() async throws {
    let run = try await send(
      "-t", "-f", "x@shop.example",
      input: "To: root, b@far.example\nBcc: Secret <c@far.example>\nSubject: x\n\nhi\n.\nmore\n")
    #expect(run.status == 0, "\(run.complaint)")
    // The alias of root at the server's name.
    #expect(try await list().map(\.recipient) == ["ann@village.example", "b@far.example", "c@far.example"])
  }

  @Test func whatIsRefusedIsToldByCode() async throws {
    let ok = "Subject: x\n\nhi\n"
    func code(_ arguments: String..., input: String = ok) async throws -> Int32 {
      try await Command.run(["send", "--config", file] + arguments, input: Data(input.utf8)).status
    }
    #expect(try await code() == 64)
    #expect(try await code("-f", "a\r\nb@c.example", "b@far.example") == 65)
    #expect(try await code("--nonsense", "b@far.example") == 64)
    #expect(try await code("-t") == 65)
    #expect(try await code("a b") == 65)
    #expect(try await code("b@far.example", input: "A: \0\n\nx\n") == 65)
    #expect(try await list().isEmpty)
    let run = try await send("nobody@village.example", "b@far.example", input: ok)
    #expect(run.status == 67 && run.complaint.contains("nobody@village.example: 550"))
    #expect(try await list().map(\.recipient) == ["b@far.example"])
    try await Data(#"{"serverName": "us.example", "nonsense": 1}"#.utf8).write(to: folder.file("mta.json"))
    #expect(try await code("b@far.example") == 64)
  }

  @Test func aLinkNamedSendmailIsThisCommand() async throws {
    let link = folder.file("sendmail").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Command.executable.path)
    func shell(_ line: String) async throws -> Command.Run {
      try await Command.shell("cd /; MTA_CONFIG='\(file)'; export MTA_CONFIG; \(line)")
    }
    let run = try await shell("printf 'To: b@far.example\\n\\nhi\\n' | \(link) -t -oi -fx@shop.example")
    #expect(run.status == 0, "\(run.complaint)")
    #expect(try await list().map(\.recipient) == ["b@far.example"])
    #expect(try await shell("\(link) -bi").status == 0)
    #expect(try await shell("echo hi | \(link) --config x b@far.example").status == 64)
    let smtp = try await shell(
      "printf 'EHLO x\\r\\nMAIL FROM:<y@shop.example>\\r\\nRCPT TO:<c@far.example>\\r\\nDATA\\r\\nSubject: y\\r\\n\\r\\nz\\r\\n.\\r\\nQUIT\\r\\n' | \(link) -bs"
    )
    #expect(smtp.status == 0 && smtp.text.hasPrefix("220 us.example ESMTP") && smtp.text.contains("250 2.0.0 queued"))
    #expect(try await list().map(\.recipient) == ["b@far.example", "c@far.example"])
  }
}
