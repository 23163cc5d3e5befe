import Foundation
import SuiteTurns
import Testing

@Suite(.endsHangs)
struct DKIMCommandTests {
  private struct Verdict: Decodable, Equatable {
    var result: String
    var domain: String
    var selector: String
    var reason: String
  }

  private static let mail = """
    From: Ann <ann@example.org>
    To: bob@example.net
    Subject: hello
    Date: Mon, 23 Nov 2026 12:00:00 +0000

    Dear Bob,

    that is all.


    """

  /// Makes a key; gives the folder with `s1.pem` and `keys`, the zone file.
  private func keys(_ type: String) async throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let made = try await Command.run(
      "dkim", "keygen", "--selector", "s1", "--domain", "example.org", "--type", type, "--out", folder.url.path)
    #expect(made.status == 0)
    #expect(made.text.hasPrefix("s1._domainkey.example.org. IN TXT \"v=DKIM1; k=\(type); p="))
    #expect(made.text.split(separator: "\n").count == 1)
    // No string of the record is too long for a zone.
    #expect(made.text.split(separator: "\"").allSatisfy { $0.utf8.count <= 255 })
    try made.output.write(to: folder.file("keys"))
    return folder
  }

  private func sign(_ mail: Data, _ folder: TemporaryFolder) async throws -> Command.Run {
    try await Command.run(
      "dkim", "sign", "--domain", "example.org", "--selector", "s1", "--key", folder.file("s1.pem").path, input: mail)
  }

  private func verify(_ mail: Data, _ folder: TemporaryFolder) async throws -> Command.Run {
    try await Command.run("dkim", "verify", "--zone", folder.file("keys").path, "--json", input: mail)
  }

  @Test(arguments: ["rsa", "ed25519"], ["\n", "\r\n"])
  func whatIsSignedVerifies(_ type: String, _ lineEnd: String) async throws {
    let folder = try await keys(type)
    let mode = try FileManager.default.attributesOfItem(atPath: folder.file("s1.pem").path)[.posixPermissions]
    #expect(mode as? Int == 0o600)
    let mail = Data(Self.mail.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineEnd).utf8)
    let signed = try await sign(mail, folder)
    #expect(signed.status == 0)
    #expect(signed.output.suffix(mail.count) == mail)
    #expect(signed.text.hasPrefix("DKIM-Signature: "))
    // The field has the line ends of the mail.
    let feeds = signed.output.indices.filter { signed.output[$0] == 10 }
    #expect(feeds.allSatisfy { (signed.output[$0 - 1] == 13) == (lineEnd == "\r\n") })
    let good = try await verify(signed.output, folder)
    #expect(good.status == 0)
    #expect(try good.json() == [Verdict(result: "pass", domain: "example.org", selector: "s1", reason: "")])
    // The other line ends are the same mail.
    let other = signed.text.split(separator: lineEnd, omittingEmptySubsequences: false)
      .joined(separator: lineEnd == "\n" ? "\r\n" : "\n")
    #expect(try await verify(Data(other.utf8), folder).status == 0)
    let spoilt = try await verify(signed.output + Data("more\(lineEnd)".utf8), folder)
    #expect(spoilt.status == 1)
    let verdicts: [Verdict] = try spoilt.json()
    #expect(verdicts.map(\.result) == ["fail"])
    #expect(verdicts.allSatisfy { !$0.reason.isEmpty })
  }

  @Test func forPeople() async throws {
    let folder = try await keys("ed25519")
    let signed = try await sign(Data(Self.mail.utf8), folder)
    let good = try await Command.run("dkim", "verify", "--zone", folder.file("keys").path, input: signed.output)
    #expect(good.text == "pass example.org s1\n")
  }

  @Test func withoutASignature() async throws {
    let folder = try await keys("ed25519")
    let run = try await verify(Data(Self.mail.utf8), folder)
    #expect(run.status == 1)
    #expect(run.text == "[]\n")
    let empty = try await verify(Data(), folder)
    #expect(empty.status == 1)
  }

  @Test func aKeyThatCannotBeHad() async throws {
    let folder = try await keys("ed25519")
    let signed = try await sign(Data(Self.mail.utf8), folder)
    // Nobody listens at port 1.
    let run = try await Command.run("dkim", "verify", "--server", "127.0.0.1:1", "--json", input: signed.output)
    #expect(run.status == 2)
    let verdicts: [Verdict] = try run.json()
    #expect(verdicts.map(\.result) == ["temperror"])
    try Data("; nothing here\n".utf8).write(to: folder.file("keys"))
    let none = try await verify(signed.output, folder)
    #expect(none.status == 1)
    #expect(try none.json([Verdict].self).map(\.result) == ["permerror"])
  }

  @Test func trouble() async throws {
    let folder = try await keys("ed25519")
    let again = try await Command.run(
      "dkim", "keygen", "--selector", "s1", "--domain", "example.org", "--out", folder.url.path)
    #expect(again.status == 2)
    #expect(again.complaint.contains("s1.pem"))
    let nobody = try await sign(Data("Subject: x\n\nx\n".utf8), folder)
    #expect(nobody.status == 2)
    #expect(nobody.output.isEmpty)
    try Data("no record".utf8).write(to: folder.file("keys"))
    let broken = try await verify(Data(Self.mail.utf8), folder)
    #expect(broken.status == 2)
    #expect(broken.complaint.contains("line 1"))
    let missing = try await Command.run(
      "dkim", "sign", "--domain", "example.org", "--selector", "s1", "--key", folder.file("none").path)
    #expect(missing.status == 2)
    for selector in ["../s", "a/b", "", "é"] {
      let run = try await Command.run(
        "dkim", "keygen", "--selector", selector, "--domain", "example.org", "--out", folder.url.path)
      #expect(run.status == 64)
    }
  }
}
