import Foundation
import MTACore
import MTAServer
import MTAStore
import NIOCore
import SuiteTurns
import Testing

/// `queue` and `contacts`, as an operator types them, and as programs read them. No server runs.
@Suite(.endsHangs)
struct QueueCommandTests {
  private struct Entry: Decodable {
    var id, sender, recipient, domain, state: String
    var attempts: Int
    var next: String?
    var age: Int
    var size: Int
    var message: String?
  }

  private struct Contact: Decodable {
    var address: String
    var hits, violations, locks: Int
    var until, reason: String?
  }

  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.file("mta.json").path
    let text =
      #"{"serverName": "us.example", "isolation": "inProcess", "listeningPorts": ["127.0.0.1:0"], "mtaSTS": false}"#
    try Data(text.utf8).write(to: folder.file("mta.json"))
  }

  /// Puts mails in the queue: m0, m1 … to these recipients.
  private func fill(_ recipients: [String], sender: String = "<a@client.example>") async throws {
    let store = try open()
    for (index, recipient) in recipients.enumerated() {
      let envelope = Envelope(
        id: try #require(MailID("m\(index)")), reversePath: try #require(ReversePath(sender)),
        recipients: [EnvelopeRecipient(try #require(Mailbox(recipient)))], receivedAt: Timestamp(milliseconds: 0))
      let spool = try await store.begin(envelope.id)
      try await spool.append(ByteBuffer(string: "Subject: \u{1b}[2J\r\n\r\nhello\r\n"))
      _ = try await spool.commit(envelope, trace: ByteBuffer(string: "Received: here\r\n"))
    }
    await store.close()
  }

  private func open() throws -> MailStore {
    try MailStore(MailStore.Configuration(database: folder.file("mta.db").path, queue: folder.file("queue").path))
  }

  private func run(_ arguments: String...) async throws -> Command.Run {
    try await Command.run(arguments + ["--config", file])
  }

  private func list(_ arguments: String...) async throws -> [Entry] {
    try await Command.run(["queue", "list", "--json", "--config", file] + arguments).json()
  }

  @Test func copiesAreListedAsAnArrayWithTheKeysOfTheContract() async throws {
    #expect(try await run("queue", "list", "--json").text == "[]\n")
    try await fill(["b@far.example", "c@near.example"])
    let entries = try await list()
    #expect(entries.map(\.id) == ["m0", "m1"])
    let first = try #require(entries.first)
    #expect(first.sender == "a@client.example" && first.recipient == "b@far.example" && first.domain == "far.example")
    #expect(first.state == "waiting" && first.attempts == 0 && first.next == "1970-01-01T00:00:00.000Z")
    #expect(first.age > 1_000_000_000 && first.size == 24 && first.message == nil)
    // A missing value is null, and not a missing key.
    #expect(try await run("queue", "list", "--json").text.contains(#""message":null"#))
    #expect(try await list("--domain", "near.*").map(\.id) == ["m1"])
    #expect(try await list("--state", "held").isEmpty)
    // --config may stand anywhere.
    let early = try await Command.run(["--config", file, "queue", "list", "--json", "m1"])
    #expect(try early.json([Entry].self).map(\.id) == ["m1"])
    let table = try await run("queue", "list")
    #expect(table.text.hasPrefix("ID  ") && table.text.contains("b@far.example"))
  }

  @Test func oneMailIsHeldReleasedAndShown() async throws {
    try await fill(["b@far.example"])
    #expect(try await run("queue", "hold", "m0", "--reason", "odd").text == "1 copy held\n")
    let held = try await list("--held")
    #expect(held.map(\.message) == ["held: odd"] && held.map(\.state) == ["held"] && held[0].next == nil)
    let shown = try await run("queue", "show", "m0")
    #expect(shown.text.contains("held") && shown.text.contains("b@far.example"))
    #expect(try await run("queue", "cat", "m0").text == "Received: here\r\nSubject: \u{1b}[2J\r\n\r\nhello\r\n")
    #expect(try await run("queue", "release", "m0").text == "1 copy released\n")
    #expect(try await list("--held").isEmpty)
    struct Mail: Decodable {
      struct Copy: Decodable {
        var recipient, state: String
        var host: String?
      }
      var id: String
      var copies: [Copy]
    }
    let mail: Mail = try await run("queue", "show", "m0", "--json").json()
    #expect(mail.id == "m0" && mail.copies.map(\.recipient) == ["b@far.example"] && mail.copies[0].host == nil)
    let both = try await run("queue", "retry", "m0", "none")
    #expect(both.status == 1 && both.text == "1 copy due now\n" && both.complaint == "there is no mail none\n")
    #expect(try await run("queue", "hold", "m0", "--reason", "a\nb").status == 64)
    let missing = try await run("queue", "hold", "none")
    #expect(missing.status == 1 && missing.complaint == "there is no mail none\n")
    #expect(try await run("queue", "show", "none").status == 1)
  }

  @Test func manyCopiesAreNotChangedWithoutAYes() async throws {
    try await fill(["b@far.example", "c@far.example", "d@near.example"])
    let unasked = try await run("queue", "delete", "--domain", "far.example")
    #expect(unasked.status == 64 && unasked.complaint.contains("2 copies would be deleted: say --yes"))
    let all = try await run("queue", "delete")
    #expect(all.status == 64 && all.complaint.contains("--all"))
    let tried = try await run("queue", "delete", "--domain", "far.example", "--dry-run")
    #expect(tried.text.contains("c@far.example") && tried.text.hasSuffix("2 copies would be deleted\n"))
    #expect(try await list().count == 3)
    #expect(try await run("queue", "delete", "--domain", "far.example", "--yes").text == "2 copies deleted\n")
    #expect(try await list().map(\.id) == ["m2"])
    #expect(try await run("queue", "bounce", "--all", "--yes", "--reason", "closed").text == "1 copy given up\n")
    #expect(try await run("queue", "show", "m2").text.contains("fail:closed"))
    #expect(try await run("queue", "move", "m2", "--to", "pigeon:1").status == 64)
    #expect(try await run("queue", "move", "m2", "--to", "local").status == 64)
    #expect(try await run("queue", "move", "m2", "--to", "smtp:b.example:25").status == 0)
    #expect(try await run("queue", "show", "m2").text.contains("to:smtp:b.example:25"))
  }

  @Test func theSummaryCountsByDomainAndAge() async throws {
    struct Summary: Decodable {
      struct Line: Decodable {
        var domain: String
        var copies, held: Int
        var ages: [Int]
        var message: String?
      }
      var copies: Int
      var ages: [Int?]
      var domains: [Line]
    }
    try await fill(["b@far.example", "c@FAR.example", "d@near.example"])
    _ = try await run("queue", "hold", "m0", "--reason", "odd")
    let summary: Summary = try await run("queue", "summary", "--json").json()
    #expect(summary.copies == 3 && summary.ages.count == 10)
    #expect(summary.domains.map(\.domain) == ["far.example", "near.example"])
    let far = try #require(summary.domains.first)
    #expect(far.copies == 2 && far.held == 1 && far.ages.last == 2 && far.message == "held: odd")
    #expect(try await run("queue", "summary").text.contains("far.example"))
  }

  /// Foreign text that would control a terminal stands escaped, in tables and in JSON.
  @Test func foreignTextControlsNoTerminal() async throws {
    try await fill(["b@far.example"])
    let store = try open()
    try await store.change(.hold(reason: "\u{9b}31m\u{202e}red\u{7f}"), of: #require(MailID("m0")))
    await store.close()
    for arguments in [
      ["queue", "list"], ["queue", "list", "--json"], ["queue", "show", "m0"], ["queue", "summary"],
    ] {
      let output = try await Command.run(arguments + ["--config", file])
      let isClean = output.text.unicodeScalars.allSatisfy {
        $0 == "\n" || !($0.value < 32 || (0x7f...0x9f).contains($0.value) || $0.value == 0x202e)
      }
      #expect(isClean, "\(arguments): \(output.text)")
    }
  }

  @Test func clientsAreRefusedLetInAndForgiven() async throws {
    func contacts(_ arguments: String...) async throws -> [Contact] {
      try await Command.run(["contacts", "list", "--json", "--config", file] + arguments).json()
    }
    let store = try open()
    store.save(
      ContactRecord(
        ContactKey(try #require(IPAddress("203.0.113.7"))), hits: 12, locks: 3, violations: 4, expiresAt: .last))
    store.save(ContactRecord(ContactKey(try #require(IPAddress("2001:db8::1"))), hits: 1))
    await store.close()
    #expect(try await contacts().map(\.address) == ["2001:db8::/64", "203.0.113.7"])
    let locked = try await contacts("--refused")
    #expect(locked.map(\.address) == ["203.0.113.7"] && locked[0].reason == "4 offences" && locked[0].locks == 3)
    #expect(locked[0].until == "9999-12-31T23:59:59.999Z")

    let prohibited = try await run("contacts", "prohibit", "192.0.2.0/24", "--for", "1d", "--reason", "a flood")
    #expect(prohibited.text.hasPrefix("192.0.2.0/24 is prohibited until "))
    _ = try await run("contacts", "prohibit", "2001:db8::/32")
    #expect(try await contacts("--refused").count == 4)
    let flood = try #require(try await contacts("192.0.2.9").first)
    #expect(flood.address == "192.0.2.0/24" && flood.reason == "a flood" && flood.hits == 0 && flood.until != nil)
    // The smallest network counts.
    _ = try await run("contacts", "allow", "2001:db8::/48")
    #expect(try await contacts("2001:db8::/64", "--refused").map(\.address) == ["2001:db8::/32"])

    #expect(try await run("contacts", "remove", "203.0.113.7").text == "1 client starts anew\n")
    #expect(try await contacts("203.0.113.7").map(\.violations) == [0])
    let removed = try await run("contacts", "remove", "192.0.2.0/24")
    #expect(removed.text.hasPrefix("the order for 192.0.2.0/24 is removed\n"))
    #expect(try await contacts("192.0.2.9").isEmpty)
    #expect(try await run("contacts", "prohibit", "192.0.2.0/33").status == 64)
    #expect(try await run("contacts", "prohibit", "0.0.0.0/0").status == 64)
    #expect(try await run("contacts", "prohibit", "192.0.2.0/24", "--for", "0s").status == 64)
    #expect(try await run("contacts", "summary").text.hasPrefix("2 clients, 0 with offences, 0 locked out"))
  }

  @Test func theSettingsFileIsFoundWithoutItsName() async throws {
    let environment = "MTA_CONFIG=\(file)"
    let named = try await Command.shell("\(environment) \(Command.executable.path) queue list --json")
    #expect(named.text == "[]\n", "\(named.complaint)")
    let inFolder = try await Command.shell("cd \(folder.url.path) && \(Command.executable.path) queue list --json")
    #expect(inFolder.text == "[]\n", "\(inFolder.complaint)")
    // A file that others can write chooses no settings by lying there.
    let link = try await Command.shell(
      "mkdir \(folder.url.path)/l && cd \(folder.url.path)/l && ln -s ../mta.json mta.json && \(Command.executable.path) queue list"
    )
    #expect(link.status == 64 && link.complaint.contains("no regular file"))
    let open = try await Command.shell(
      "cd \(folder.url.path) && chmod 666 mta.json && \(Command.executable.path) queue list --json")
    #expect(open.status == 64 && open.complaint.contains("say --config mta.json"))
    if FileManager.default.fileExists(atPath: "/etc/mta/mta.json") { return }
    let absent = try await Command.shell("cd / && \(Command.executable.path) queue list")
    #expect(absent.status == 64 && absent.complaint.contains("say --config FILE"))
  }
}
