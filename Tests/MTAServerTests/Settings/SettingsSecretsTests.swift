import Foundation
import MTACore
import Testing

@testable import MTAServer

/// Where secrets may stand, and who may read them.
@Suite struct SettingsSecretsTests {
  private let folder = SettingsFolder()

  private static let hash = "$5$gJ0mE4tVqR$4h0S2q2/oRIG4ZqY6P5EeR3PL3mX.gkIFcgJOa9zND9"

  private func write(_ more: String = "", mode: UInt32 = 0o600) throws {
    try folder.write(
      #"{"serverName": "mx.a.example", "localDomains": ["a.example"]\#(more.isEmpty ? "" : ", " + more)}"#, mode: mode)
  }

  /// Other users of the machine can read both. The value is a secret in the complaint, too.
  @Test func secretsAreRefusedFromCommandLineAndEnvironment() {
    for row in SettingsTable.rows where row.isSecret {
      for (arguments, environment, place) in [
        (["\(row.key)=my-password"], [:], "--set"), (["\(row.optionName)=my-password"], [:], row.optionName),
        ([], [row.environmentName: "my-password"], row.environmentName),
        ([], [row.oldEnvironmentName: "my-password"], row.oldEnvironmentName),
      ] as [([String], [String: String], String)] {
        let failure = #expect(throws: SettingsFailure.self) {
          try SettingsOverrides(arguments: arguments, environment: environment)
        }
        let said = failure?.description ?? ""
        #expect(said.hasPrefix("\(row.key): is a secret") && said.hasSuffix("(from \(place))"), "\(said)")
        #expect(!said.contains("my-password"))
        if let fileKey = row.fileKey { #expect(said.contains(fileKey)) }
      }
    }
  }

  @Test func whatAFileCanHoldHasAKeyForItsPath() throws {
    let row = try #require(SettingsTable.rows.first { $0.key == "contentFilterPassword" })
    #expect(row.isSecret && row.fileKey == "contentFilterPasswordFile")
    for row in SettingsTable.rows {
      guard let fileKey = row.fileKey else { continue }
      #expect(SettingsTable.rows.contains { $0.key == fileKey && !$0.isSecret })
    }
  }

  @Test(arguments: ["my-password", "my-password\n", "my-password\r\n", "my-password\n\n"])
  func aPasswordIsReadWithoutTheEndOfItsLine(_ text: String) throws {
    try write(#""contentFilterPasswordFile": "pw""#)
    try folder.write(text, to: "pw")
    let settings = try folder.read()
    #expect(settings.contentFilterPasswordFile == folder["pw"])
    #expect(try settings.filterPassword() == "my-password")
    #expect(settings.warnings().isEmpty)
  }

  @Test(arguments: ["", "\n", "one\ntwo\n", "a\u{0}b"]) func aFileWithoutOnePasswordIsNamed(_ text: String) throws {
    try write(#""contentFilterPasswordFile": "pw""#)
    try folder.write(text, to: "pw")
    let settings = try folder.read()
    #expect(throws: StartFailure("contentFilterPasswordFile: the file holds no password")) {
      try settings.filterPassword()
    }
  }

  @Test func aPasswordThatIsNotThereIsNamed() throws {
    try write(#""contentFilterPasswordFile": "pw""#)
    let settings = try folder.read()
    let failure = #expect(throws: StartFailure.self) { try settings.filterPassword() }
    #expect(failure?.description.hasPrefix("contentFilterPasswordFile: open \(folder["pw"]): ") == true)
  }

  @Test func theOldKeyIsReadAndTold() throws {
    try write(#""contentFilterPassword": "my-password""#)
    let settings = try folder.read()
    #expect(try settings.filterPassword() == "my-password")
    #expect(
      settings.warnings() == [
        "contentFilterPassword: is old; put the password into a file, and its path into contentFilterPasswordFile"
      ])
    try write(#""contentFilterPassword": "my-password", "contentFilterPasswordFile": "pw""#)
    #expect(
      try folder.problems() == [
        "contentFilterPassword: is not needed beside contentFilterPasswordFile (in \(folder["mta.json"]))"
      ])
  }

  @Test(arguments: [0o644, 0o604]) func aSettingsFileWithHashesThatOthersCanReadIsAWarning(_ mode: UInt32) throws {
    try write(#""users": {"ann@a.example": "\#(Self.hash)"}"#, mode: mode)
    let path = folder["mta.json"]
    #expect(
      try folder.read().warnings() == [
        "users: \(path) (mode 0\(String(mode, radix: 8))) can be read by others; chmod go-r \(path), or put users into a file of its own (include)"
      ])
    #expect(folder.report().problems.allSatisfy { !$0.contains("can be read") })
    // Without hashes there is nothing to hide.
    try write(#""users": {"ann@a.example": "*"}"#, mode: mode)
    #expect(try folder.read().warnings().isEmpty)
  }

  @Test func theFileThatHasTheHashesIsTheOneThatIsTold() throws {
    try write(#""include": ["users.json"]"#, mode: 0o644)
    try folder.write(#"{"users": {"ann@a.example": "\#(Self.hash)"}}"#, to: "users.json")
    #expect(try folder.read().warnings().isEmpty)
    try folder.write(#"{"users": {"ann@a.example": "\#(Self.hash)"}}"#, to: "users.json", mode: 0o644)
    #expect(try folder.read().warnings().map { $0.prefix { $0 != "(" } } == ["users: \(folder["users.json"]) "])
  }

  /// `OwnFilesTests` has the same for each kind of secret; this is what a report makes of it.
  @Test func aSecretThatOthersCanReadIsAProblemUnlessTheSettingsAllowIt() throws {
    let listening = #""isolation": "inProcess", "mtaSTS": false, "listeningPorts": ["127.0.0.1:0"]"#
    let secret = #""contentFilterPasswordFile": "pw""#
    try folder.write("my-password\n", to: "pw", mode: 0o644)
    let said =
      "contentFilterPasswordFile: \(folder["pw"]) (mode 0644) is a secret that others can read; chmod go-r \(folder["pw"])"
    try write("\(listening), \(secret)")
    #expect(folder.report().problems == [said])
    try write("\(listening), \(secret), \"allowInsecureFiles\": true")
    #expect(folder.report().problems.isEmpty && folder.report().warnings.contains(said))
  }
}
