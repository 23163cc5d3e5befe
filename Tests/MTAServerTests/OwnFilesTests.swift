import Foundation
import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import Testing

@testable import MTAServer

/// What lies where only we may write.
struct OwnFilesTests {
  private let folder = TemporaryFolder()

  private func settings(_ change: (inout Settings) -> Void = { _ in }) throws -> Settings {
    var settings = try Settings(serverName: "mx.test.example")
    settings.database = folder.path + "/mta.db"
    settings.mailQueue = folder.path + "/queue"
    settings.runner.localDelivery = .maildir(directory: folder.path + "/maildir")
    settings.pidFile = folder.path + "/mta.pid"
    settings.lockFile = folder.path + "/mta.lock"
    settings.mtaSTSCache = folder.path + "/sts.cache"
    settings.logFile = folder.path + "/log"
    settings.srsDomain = Domain("srs.test.example")
    settings.srsSecret = folder.path + "/srs.secret"
    settings.privateKey = folder.path + "/key.pem"
    settings.certificate = folder.path + "/cert.pem"
    settings.dkim = [Domain("test.example"): .init(selector: "s", keyFile: folder.path + "/dkim.pem")]
    settings.contentFilterPasswordFile = folder.path + "/filter.password"
    settings.smarthostPasswordFile = folder.path + "/relay.password"
    change(&settings)
    return settings
  }

  private func complaint() throws -> String? {
    do {
      try OwnFiles(settings()).check()
      return nil
    } catch { return (error as? StartFailure)?.description }
  }

  private func make(_ name: String, mode: UInt32, isFolder: Bool) throws {
    let path = folder.path + "/" + name
    if isFolder {
      try DurableFiles().makeDirectory(path, at: "test")
    } else {
      _ = try DurableFiles().create(path, at: "test")
    }
    #expect(chmod(path, mode_t(mode)) == 0)
  }

  private static let names = [
    "mta.db", "mta.db-wal", "queue", "maildir", "mta.pid", "mta.lock", "sts.cache", "log", "srs.secret", "key.pem",
    "dkim.pem", "filter.password", "relay.password",
  ]
  private static let secrets = ["srs.secret", "key.pem", "dkim.pem", "filter.password", "relay.password"]

  @Test func nothingIsMissedWhereNothingIs() throws { #expect(try complaint() == nil) }

  @Test(arguments: names) func whatIsOursAloneIsFine(name: String) throws {
    let isFolder = name == "queue" || name == "maildir"
    let isSecret = Self.secrets.contains(name)
    try make(name, mode: isFolder ? 0o755 : isSecret ? 0o640 : 0o644, isFolder: isFolder)
    #expect(try complaint() == nil)
  }

  @Test(arguments: secrets) func aSecretThatOthersMayReadIsRefused(name: String) throws {
    try make(name, mode: 0o644, isFolder: false)
    let said = try #require(try complaint())
    #expect(said.contains("\(folder.path)/\(name) (mode 0644) is a secret that others can read"), "\(said)")
    let allowed = OwnFiles(try settings { $0.allowInsecureFiles = true })
    #expect(allowed.faults.isEmpty)
    #expect(allowed.warnings.count == 1 && said == allowed.warnings.first)
  }

  @Test(.enabled(if: geteuid() == 0, "needs root, to give files away"), arguments: secrets)
  func aSecretThatAForeignGroupMayReadIsRefused(name: String) throws {
    try make(name, mode: 0o640, isFolder: false)
    #expect(chown(folder.path + "/" + name, 0, 4711) == 0)
    #expect(try complaint()?.contains("is a secret that others can read") == true)
    // As root the group of the settings is ours.
    let known = OwnFiles(try settings { $0.groupName = "4711" })
    #expect(known.faults.isEmpty)
  }

  @Test(.enabled(if: geteuid() == 0, "needs root, to give files away"))
  func underRootFilesMayBelongToTheUserOfTheSettings() throws {
    try make("mta.db", mode: 0o600, isFolder: false)
    #expect(chown(folder.path + "/mta.db", 4711, 4711) == 0)
    #expect(try complaint()?.contains("belongs to another user, number 4711") == true)
    #expect(OwnFiles(try settings { $0.userName = "4711" }).faults.isEmpty)
  }

  @Test(arguments: names, [0o020, 0o002] as [UInt32])
  func whatOthersMayWriteIsRefusedWithPathAndMode(name: String, bit: UInt32) throws {
    let isFolder = name == "queue" || name == "maildir"
    let mode: UInt32 = (isFolder ? 0o700 : 0o600) | bit
    try make(name, mode: mode, isFolder: isFolder)
    let said = try #require(try complaint())
    #expect(said.contains(folder.path + "/" + name) && said.contains("mode 0" + String(mode, radix: 8)), "\(said)")
  }

  /// A key may be handed over by a link, as those are that are renewed; what it leads to is looked at.
  @Test(arguments: names) func aSymbolicLinkInItsPlaceIsRefused(name: String) throws {
    try make("elsewhere", mode: 0o600, isFolder: false)
    #expect(symlink(folder.path + "/elsewhere", folder.path + "/" + name) == 0)
    let said = try complaint()
    guard Self.secrets.contains(name), name != "srs.secret" else {
      #expect(said?.contains("\(folder.path)/\(name) is a symbolic link") == true, "\(said ?? "nothing")")
      return
    }
    #expect(said == nil)
    #expect(chmod(folder.path + "/elsewhere", 0o666) == 0)
    #expect(try complaint()?.contains("mode 0666") == true)
  }

  @Test func aStickyFolderAroundThemIsNoFault() throws {
    #expect(chmod(folder.path, 0o1777) == 0)
    #expect(try complaint() == nil)
  }

  @Test(.enabled(if: geteuid() == 0)) func whatIsAnothersIsRefused() throws {
    try make("queue", mode: 0o700, isFolder: true)
    #expect(chown(folder.path + "/queue", 4711, 4711) == 0)
    #expect(try complaint()?.contains("belongs to another user, number 4711") == true)
  }

  @Test(arguments: [false, true]) func allOfThemAreNamedAtOnceAndNothingIsOpened(isMaster: Bool) throws {
    try make("queue", mode: 0o777, isFolder: true)
    try make("mta.lock", mode: 0o666, isFolder: false)
    do {
      _ = try Rooms(settings(), MailServer.Parts(), delivers: true, isMaster ? .master : .whole)
      Issue.record("it starts")
    } catch {
      let said = "\(error)"
      #expect(said.contains("queue (mode 0777)") && said.contains("mta.lock (mode 0666)"), "\(said)")
    }
    for name in ["mta.db", "log"] { #expect(!FileManager.default.fileExists(atPath: folder.path + "/" + name)) }
  }
}
