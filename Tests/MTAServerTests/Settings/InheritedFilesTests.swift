import Foundation
import MTACore
import MTADelivery
import MTASystem
import Testing

@testable import MTAServer

/// What files the processes of a server are given, and what of them.
@Suite struct InheritedFilesTests {
  private let folder = SettingsFolder()

  private static let hash = "$5$gJ0mE4tVqR$4h0S2q2/oRIG4ZqY6P5EeR3PL3mX.gkIFcgJOa9zND9"
  private static let settingsFiles = ["mta.json", "users.json"]
  private static let tlsFiles = ["cert.pem", "tls.key", "other.pem", "other.key", "roots.pem"]
  private static let queueSecrets = ["dkim.pem", "relay.pw", "route.pw", "filter.pw"]

  /// A server with every kind of secret. The text of each file of a secret is its own name.
  private func settings(_ source: InheritedFiles) throws -> Settings {
    try folder.write(
      #"""
      {"serverName": "mx.a.example", "localDomains": ["a.example"], "include": ["users.json"], "app": {"color": "red"},
       "certificate": "cert.pem", "privateKey": "tls.key", "trustRoots": "roots.pem", "reportInterval": 2,
       "certificates": {"other.example": {"certificate": "other.pem", "privateKey": "other.key"}},
       "dkim": {"a.example": {"selector": "s", "keyFile": "dkim.pem"}}, "srsDomain": "srs.a.example", "srsSecret": "srs.secret",
       "smarthost": "r.example:25", "smarthostUser": "u", "smarthostPasswordFile": "relay.pw",
       "routes": {"b.example": {"to": "smtp:r.example:25", "user": "u", "passwordFile": "route.pw"}},
       "contentFilterPasswordFile": "filter.pw"}
      """#)
    try folder.write(#"{"users": {"ann@a.example": "\#(Self.hash)", "box@a.example": "*"}}"#, to: "users.json")
    for name in Self.tlsFiles + Self.queueSecrets + ["srs.secret"] { try folder.write("secret of \(name)", to: name) }
    return try folder.read(from: source)
  }

  private func paths(_ names: [String]) -> Set<String> { Set(names.map { folder[$0] }) }

  private static func text(_ files: [String: [UInt8]]) -> String {
    files.values.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
  }

  @Test func receiversGetSettingsAndTLSAndNoOtherSecret() throws {
    let source = InheritedFiles()
    let files = try settings(source).filesForReceivers(keepingHashes: false, from: source)
    #expect(Set(files.keys) == paths(Self.settingsFiles + Self.tlsFiles))
    #expect(files[folder["tls.key"]] == Array("secret of tls.key".utf8))
    let text = Self.text(files)
    for secret in Self.queueSecrets + ["srs.secret"] { #expect(!text.contains("secret of \(secret)")) }
    #expect(!text.contains("$5$"))
  }

  /// They know who has a login, so that they say the same of AUTH; the hash is the queue process's.
  @Test func aReceiversSettingsSayWhoHasALoginAndNothingElseIsOther() throws {
    let source = InheritedFiles()
    let whole = try settings(source)
    let files = try whole.filesForReceivers(keepingHashes: false, from: source)
    let read = try folder.read(from: InheritedFiles(files))
    let users: [Mailbox: String?] = [Mailbox("ann@a.example"): "?", Mailbox("box@a.example"): nil]
    #expect(read.users == users)
    #expect(read.reading.files == whole.reading.files)
    for (key, value) in whole.given where key != "users" { #expect(read.given[key] == value, "\(key)") }
    #expect(read.certificates == whole.certificates && read.runner.reportInterval == .seconds(2))
  }

  /// Such hooks check passwords by the settings themselves. Passwords of other servers they never need.
  @Test func receiversWithHooksOfTheProgramGetHashesToo() throws {
    let source = InheritedFiles()
    var settings = try settings(source)
    var files = try settings.filesForReceivers(keepingHashes: true, from: source)
    #expect(Set(files.keys) == paths(Self.settingsFiles + Self.tlsFiles))
    #expect(try folder.read(from: InheritedFiles(files)).users == settings.users)
    // The key of before, with the password in the file.
    try folder.write(
      #"{"users": {"ann@a.example": "\#(Self.hash)"}, "contentFilterPassword": "my-password"}"#, to: "users.json")
    try folder.write(#"{"serverName": "mx.a.example", "include": ["users.json"]}"#)
    settings = try folder.read(from: source)
    #expect(settings.contentFilterPassword == "my-password")
    for keepsHashes in [true, false] {
      files = try settings.filesForReceivers(keepingHashes: keepsHashes, from: source)
      #expect(!Self.text(files).contains("my-password") && Self.text(files).contains("$5$") == keepsHashes)
    }
    #expect(Self.text(try settings.filesForQueue(from: source)).contains("my-password"))
  }

  /// It opens the secret of SRS itself, for it may have to make it.
  @Test func theQueueProcessGetsNoKeyOfTLS() throws {
    let source = InheritedFiles()
    let files = try settings(source).filesForQueue(from: source)
    #expect(Set(files.keys) == paths(Self.settingsFiles + Self.queueSecrets + ["roots.pem"]))
    let text = Self.text(files)
    for name in ["tls.key", "other.key", "srs.secret"] { #expect(!text.contains("secret of \(name)")) }
    #expect(text.contains(Self.hash))
  }

  @Test func childrenGetTheSettingsThatTheirMasterRead() throws {
    let source = InheritedFiles()
    let settings = try settings(source)
    let before = try settings.filesForQueue(from: source)
    try folder.write(#"{"serverName": "other.example"}"#)
    #expect(try settings.filesForQueue(from: source) == before)
    let text = Self.text(try settings.filesForReceivers(keepingHashes: false, from: source))
    #expect(text.contains("mx.a.example"))
  }

  @Test func aFileThatCannotBeReadIsToldByItsSetting() throws {
    let source = InheritedFiles()
    let settings = try settings(source)
    for (name, key) in [
      ("tls.key", "privateKey"), ("other.pem", "certificates"), ("dkim.pem", "dkim"), ("route.pw", "routes"),
    ] {
      try DurableFiles().rename(folder[name], to: folder["elsewhere"], at: "test")
      let failure = #expect(throws: StartFailure.self) {
        _ = try settings.filesForQueue(from: source)
        _ = try settings.filesForReceivers(keepingHashes: false, from: source)
      }
      #expect(failure?.description.hasPrefix("\(key): open \(folder[name]): ") == true, "\(failure as Any)")
      try DurableFiles().rename(folder["elsewhere"], to: folder[name], at: "test")
    }
  }

  @Test func whatWasGivenIsReadInPlaceOfTheDisk() throws {
    try folder.write("on the disk", to: "file")
    try folder.write("other", to: "other")
    let files = InheritedFiles([folder["file"]: Array("given".utf8)])
    #expect(files.isInheriting)
    #expect(try files.read(folder["file"], upTo: 3, at: "test") == Array("giv".utf8))
    #expect(try files.read(folder.path + "/./x/../file", upTo: 10, at: "test") == Array("given".utf8))
    #expect(try files.read(folder["other"], upTo: 10, at: "test") == Array("other".utf8))
    // What it was given is not given on.
    #expect(files.files == [folder["other"]: Array("other".utf8)])
  }

  @Test func aReloadReadsTheSameFilesAgain() throws {
    for name in ["changes", "goes"] { try folder.write("old", to: name) }
    let files = InheritedFiles()
    #expect(!files.isInheriting)
    for name in ["changes", "goes"] { _ = try files.read(folder[name], upTo: 100, at: "test") }
    try folder.write("new, and longer", to: "changes")
    try DurableFiles().unlink(folder["goes"], at: "test")
    files.readAgain()
    #expect(files.files == [folder["changes"]: Array("new, and longer".utf8), folder["goes"]: Array("old".utf8)])
    files.forget()
    #expect(files.files.isEmpty)
  }
}
