import Foundation
import MTACore
import MTAServer
import SuiteTurns
import Testing

@testable import MTACommands

/// `setup`, `user`, `alias` and `passwd`, as an operator types them.
@Suite(.endsHangs)
struct SetupCommandTests {
  private struct Report: Decodable {
    struct User: Decodable {
      var address: String
      var password: String?
    }
    struct Record: Decodable {
      var name, type, data, purpose: String
      var note: String?
    }
    struct Policy: Decodable {
      var url, text: String
    }

    var settings: String
    var files: [String]
    var replaced: [String]
    var user: User
    var records: [Record]
    var mtaSTS: Policy
  }

  private let folder: TemporaryFolder
  private let out: String
  private var config: String { out + "/mta.json" }

  init() throws {
    folder = try TemporaryFolder()
    out = folder.url.resolvingSymlinksInPath().path + "/new/out"
  }

  private func setup(_ more: String..., input: String = "") async throws -> Command.Run {
    try await Command.run(["setup", "example.test", "--out", out, "--offline"] + more, input: Data(input.utf8))
  }

  private func run(_ words: String..., input: String = "") async throws -> Command.Run {
    try await Command.run(words + ["--config", config], input: Data(input.utf8))
  }

  @Test func theSettingsServeAsTheyAreAndKeepTheSecretsToTheirOwner() async throws {
    let run = try await setup("--json", "--address", "192.0.2.7", "--ports", "high")
    #expect(run.status == 0, "\(run.complaint)")
    let report: Report = try run.json()
    #expect(report.settings == config && report.files.last == config && report.replaced.isEmpty)
    for file in report.files {
      let mode = try #require(FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int)
      #expect(mode & (file.hasSuffix("certificate.pem") ? 0o022 : 0o027) == 0, "\(file)")
    }
    let password = try #require(report.user.password)
    #expect(report.user.address == "admin@example.test" && password.utf8.count == 23)
    let text = try String(contentsOfFile: config, encoding: .utf8)
    #expect(!text.contains(password))
    // Whoever looks at the own server by `check-domain` is not locked out for it.
    #expect(text.contains(#""neverProhibit": ["127.0.0.0/8", "::1", "192.0.2.7"]"#))

    let check = try await Command.run(["check-config", "--config", config, "--json"])
    #expect(check.status == 0, "\(check.complaint)")
    let settings = try Settings(contentsOf: config)
    #expect(settings.localDomains.map(\.description) == ["example.test"])
    #expect(settings.aliases.targets(of: try #require(Mailbox("Abuse@example.test"))) == [settings.postmasterName])

    let records = report.records.map { "\($0.name) \($0.type)" }
    #expect(
      records == [
        "mail.example.test. A", "example.test. MX", "example.test. TXT", "mail.example.test. TXT",
        "s1._domainkey.example.test. TXT", "_dmarc.example.test. TXT", "_mta-sts.example.test. TXT",
        "mta-sts.example.test. CNAME", "_smtp._tls.example.test. TXT", "_25._tcp.mail.example.test. TLSA",
        "7.2.0.192.in-addr.arpa. PTR",
      ])
    // Each is a record, with strings that a zone file may have.
    for record in report.records {
      let read = try #require(DNSRecord("\(record.name) IN \(record.type) \(record.data)"))
      if case .text(let strings) = read.data { #expect(strings.allSatisfy { $0.count <= 255 }) }
    }
    #expect(report.mtaSTS.text.contains("mx: mail.example.test\r\n"))
  }

  @Test func filesThatAreThereStay() async throws {
    #expect(try await setup().status == 0)
    let before = try String(contentsOfFile: config, encoding: .utf8)
    let again = try await setup()
    #expect(again.status == 73 && again.text.isEmpty && again.complaint.contains(config))
    #expect(try String(contentsOfFile: config, encoding: .utf8) == before)
    let forced: Report = try await setup("--force", "--json").json()
    #expect(forced.replaced.count == forced.files.count)
    let kept = try #require(forced.replaced.last)
    #expect(try String(contentsOfFile: kept, encoding: .utf8) == before)
  }

  @Test(arguments: [
    ["--host", "not a host"], ["--mailbox", "ann@other.test"], ["--address", "host.example"], ["--selector", "../x"],
    ["--local-delivery", "pigeon:loft"], ["--ports", "odd"], ["--run-as", "no-such-user-here"], ["--probe", "nowhere"],
  ])
  func argumentsThatMakeNoSenseLeaveNothing(_ more: [String]) async throws {
    let run = try await Command.run(["setup", "example.test", "--out", out, "--offline"] + more)
    #expect(run.status == 64, "\(run.complaint)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("new").path))
  }

  @Test func usersComeAndGo() async throws {
    let made = try await setup("--json", "--password-stdin", input: "secret words\n")
    #expect(try made.json(Report.self).user.password == nil)
    #expect(try await run("user", "add", "Bob", "--password-stdin", "--scheme", "sha256", input: "one\n").status == 0)
    #expect(try await run("user", "add", "BOB@example.test", "--no-login").status == 1)
    #expect(try await run("user", "add", "box", "--no-login").status == 0)
    let before = try Settings(contentsOf: config).users
    #expect(try await run("user", "passwd", "bob", "--password-stdin", "--scheme", "sha256", input: "two").status == 0)
    let after = try Settings(contentsOf: config).users
    let bob = try #require(Mailbox("bob@example.test"))
    #expect(before.count == 3 && after.count == 3 && before[bob] != after[bob])

    let list = try await run("user", "list", "--json")
    struct User: Decodable, Equatable {
      var address: String
      var login: Bool
      var method: String?
    }
    #expect(
      try list.json([User].self) == [
        User(address: "admin@example.test", login: true, method: "yescrypt"),
        User(address: "bob@example.test", login: true, method: "sha256"),
        User(address: "box@example.test", login: false, method: nil),
      ])
    #expect(!list.text.contains("$"))

    #expect(try await run("user", "remove", "bob").status == 0)
    #expect(try await run("user", "remove", "bob").status == 67)
    #expect(try await run("user", "passwd", "bob", "--no-login").status == 67)
    #expect(try await run("user", "add", "two words", "--no-login").status == 64)
    #expect(try Settings(contentsOf: config).users.count == 2)
  }

  @Test func aliasesComeAndGo() async throws {
    _ = try await setup()
    let added = try await run("alias", "add", "info", "admin", "far@far.example")
    #expect(added.status == 0 && added.complaint.isEmpty, "\(added.complaint)")
    #expect(try await run("alias", "add", "info", "ann").complaint.contains("ann@example.test does not exist here"))
    #expect(try await run("alias", "add", "@example.test", "admin").status == 0)
    #expect(try await run("alias", "remove", "INFO", "ann", "far@far.example").status == 0)
    #expect(try await run("alias", "remove", "info", "far@far.example").status == 67)
    #expect(try await run("alias", "remove", "postmaster").status == 0)
    #expect(try await run("alias", "remove", "postmaster").status == 67)
    struct Alias: Decodable, Equatable {
      var address: String
      var targets: [String]
    }
    #expect(
      try await run("alias", "list", "--json").json([Alias].self)
        == ["@example.test", "abuse@example.test", "hostmaster@example.test", "info@example.test"].map {
          Alias(address: $0, targets: ["admin@example.test"])
        })
  }

  @Test func aPasswordIsOneLineOfStandardInput() async throws {
    for (input, status) in [("pass word\r\n", 0), ("a\nb\n", 64), ("", 64), ("\n", 64), ("a\u{0}b", 64)]
      as [(String, Int32)]
    {
      let made = try await Command.run("passwd", "--password-stdin", input: Data(input.utf8))
      #expect(made.status == status, "\(input)")
      #expect(made.text.hasPrefix("$y$") == (status == 0))
    }
    #expect(try await Command.run("passwd", "--password-stdin", input: Data([0xFF])).status == 64)
    // Nobody is there to be asked.
    #expect(try await Command.run("passwd").status == 64)
  }

  /// A password is said once: where it cannot be said, nothing is changed.
  @Test(arguments: [">/dev/full", ">&-"])
  func aPasswordThatCannotBePrintedIsNotSet(_ output: String) async throws {
    let program = Command.executable.path
    let setup = "'\(program)' setup example.test --offline --out '\(out)'"
    for more in ["", " --json"] {
      let run = try await Command.shell(setup + more + " " + output)
      #expect(run.status == 74 && run.complaint.contains("standard output"), "\(run.complaint)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("new").path))
    }
    #expect(try await self.setup().status == 0)
    let before = try Data(contentsOf: URL(fileURLWithPath: config))
    for words in ["user add ann --random", "user passwd admin --random"] {
      let run = try await Command.shell("'\(program)' \(words) --config '\(config)' \(output)")
      #expect(run.status == 74, "\(words): \(run.complaint)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: config)) == before, "\(words)")
    }
    // The lock is open by then, and must not have got it.
    for name in try FileManager.default.contentsOfDirectory(atPath: out) where name.hasSuffix(".lock") {
      #expect(try Data(contentsOf: URL(fileURLWithPath: out + "/" + name)).isEmpty)
    }
    #expect(try await Command.shell("echo secret | '\(program)' passwd --password-stdin \(output)").status == 74)
    // With --force the files of before are there again, under their names.
    #expect(try await Command.shell(setup + " --force " + output).status == 74)
    #expect(try Data(contentsOf: URL(fileURLWithPath: config)) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: out).allSatisfy { !$0.contains(".old-") })
  }

  /// Whoever is gone, and what still leads there, is told at once and by `check-config`.
  @Test func whatLeadsToARemovedUserIsNamed() async throws {
    #expect(try await setup().status == 0)
    #expect(try await run("user", "add", "bob", "--no-login").status == 0)
    #expect(try await run("alias", "add", "info", "bob").complaint.isEmpty)
    let bob = try await run("user", "remove", "bob")
    #expect(bob.status == 0 && bob.complaint.contains("aliases: info@example.test: bob@example.test does not exist"))
    // The first user is postmaster.
    let admin = try await run("user", "remove", "admin")
    #expect(admin.status == 0)
    for place in ["postmasterName", "aliases: postmaster@example.test", "aliases: abuse@example.test"] {
      #expect(admin.complaint.contains("\(place): admin@example.test does not exist"), "\(place)")
      #expect(
        try await run("check-config", "--quiet").complaint.contains("\(place): admin@example.test does not exist"))
    }
  }

  @Test func aliasesThatLeadNowhereAreWarnedOf() async throws {
    #expect(try await setup().status == 0)
    #expect(try await run("alias", "add", "self", "self").complaint.contains("leads to itself"))
    #expect(try await run("alias", "add", "a", "b").status == 0)
    #expect(
      try await run("alias", "add", "b", "a").complaint.contains("a@example.test → b@example.test → a@example.test"))
    #expect(try await run("alias", "add", "admin", "far@far.example").complaint.contains("is a user, too"))
    #expect(try await run("alias", "add", "box", "admin").complaint.isEmpty)
    #expect(try await run("user", "add", "box", "--no-login").complaint.contains("is a user, too"))
  }

  /// What `check-config` would refuse is not written first.
  @Test(.enabled(if: geteuid() == 0)) func nothingIsMadeBelowAFolderThatOthersCanWrite() async throws {
    // Where the server's user gets, too.
    let open = "/tmp/mta-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: open) }
    try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: false)
    func setup() async throws -> Command.Run {
      try await Command.run("setup", "example.test", "--offline", "--ports", "high", "--out", open + "/out")
    }
    try #require(chmod(open, 0o777) == 0)
    let run = try await setup()
    #expect(run.status == 73 && run.complaint.contains("\(open) (mode 0777"), "\(run.complaint)")
    #expect(run.complaint.contains("which others can write") && run.text.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: open).isEmpty)
    // As /tmp is.
    try #require(chmod(open, 0o1777) == 0)
    #expect(try await setup().status == 0)
    #expect(try await Command.run("check-config", "--quiet", "--config", open + "/out/mta.json").status == 0)
  }

  @Test func commandsToCopyAreWordsOfAShell() async throws {
    let path = folder.url.resolvingSymlinksInPath().path + "/two words"
    let run = try await Command.run("setup", "example.test", "--offline", "--out", path)
    #expect(run.status == 0 && run.text.contains(" serve --config '\(path)/mta.json'\n"), "\(run.complaint)")
    let added = try await Command.run("user", "add", "ann", "--no-login", "--config", path + "/mta.json")
    #expect(added.text.contains(" reload --config '\(path)/mta.json'`"), "\(added.text)")
    #expect(ShellWord.quoted("it's") == #"'it'\''s'"# && ShellWord.quoted("/etc/mta.json") == "/etc/mta.json")
  }

  @Test(arguments: [
    ["setup", "no domain"], ["setup", "example.test", "--address", "x"], ["check-domain", "no domain"],
  ])
  func aWrongValueIsToldWithTheUsageOfItsCommand(_ words: [String]) async throws {
    let run = try await Command.run(words)
    let usage = run.complaint.split(separator: "\n").first { $0.hasPrefix("Usage:") }
    #expect(run.status == 64 && usage?.contains(" \(words[0]) ") == true, "\(run.complaint)")
  }

  @Test func aPasswordOfTwoLinesIsRefusedInWords() async throws {
    let run = try await Command.run("passwd", "--password-stdin", input: Data("one\ntwo\n".utf8))
    #expect(run.status == 64 && run.complaint.contains("more than one line"))
  }
}
