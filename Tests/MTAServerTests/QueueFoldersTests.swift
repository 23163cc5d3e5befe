import Foundation
import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import Testing

@testable import MTAServer

/// The folders that must be there before a queue process starts.
struct QueueFoldersTests {
  private let folder = TemporaryFolder()
  private static let isRoot = geteuid() == 0
  private static let onlyRoot: Comment = "only root gives folders away"
  private let owner = isRoot ? LaunchOrder.Owner(user: 65_534, group: 65_534) : nil

  private func settings() throws -> Settings {
    var settings = try Settings(serverName: "mx.test.example")
    settings.database = folder.path + "/state/mta.db"
    settings.mailQueue = folder.path + "/spool/queue"
    settings.runner.localDelivery = .maildir(directory: folder.path + "/maildir")
    settings.mtaSTSCache = folder.path + "/cache/sts"
    settings.srsDomain = Domain("srs.test.example")
    settings.srsSecret = folder.path + "/secret/srs"
    settings.userName = "65534"
    settings.groupName = "65534"
    return settings
  }

  private static let names = ["state", "spool", "spool/queue", "maildir", "cache", "secret"]

  private func status(_ name: String) throws -> FileStatus {
    try DurableFiles().statusOfLink(folder.path + "/" + name, at: "test")
  }

  private func exists(_ name: String) -> Bool { (try? status(name)) != nil }

  private func make(_ name: String, mode: mode_t = 0o700, user: UInt32) throws {
    try DurableFiles().makeDirectories(folder.path + "/" + name, at: "test")
    #expect(chown(folder.path + "/" + name, user, user) == 0)
    #expect(chmod(folder.path + "/" + name, mode) == 0)
  }

  @Test func missingOnesAreMadeForTheUser() throws {
    let folders = QueueFolders(try settings())
    #expect(folders.faults(for: owner).isEmpty)
    #expect(Self.names.allSatisfy { !exists($0) })
    try folders.make(for: owner)
    for name in Self.names {
      let status = try status(name)
      #expect(status.owner == owner?.user ?? geteuid() && status.mode == 0o700, "\(name)")
    }
    #expect(folders.faults(for: owner).isEmpty)
    try folders.make(for: owner)
  }

  @Test func aProgramsOwnPartsNeedNone() throws {
    let parts = MailServer.Parts(
      store: { throw StartFailure("no store") }, localAgent: { throw StartFailure("no agent") })
    try QueueFolders(settings(), parts).make(for: owner)
    #expect(Self.names.filter { exists($0) } == ["cache", "secret"])
  }

  @Test(
    .enabled(if: isRoot, onlyRoot),
    arguments: [
      ("state", "database"), ("spool/queue", "mailQueue"), ("maildir", "localDelivery"), ("cache", "mtaSTSCache"),
      ("secret", "srsSecret"),
    ], [0, 4711] as [UInt32])
  func oneOfAnotherUserIsNamedWithSettingPathAndOwner(_ place: (name: String, key: String), user: UInt32) throws {
    try make(place.name, user: user)
    let folders = QueueFolders(try settings())
    let fault =
      "\(place.key): the folder \(folder.path)/\(place.name) (mode 0700) belongs to user number \(user), and not to userName; "
      + "chown 65534:65534 \(folder.path)/\(place.name)"
    #expect(folders.faults(for: owner) == [fault])
    #expect(throws: StartFailure(fault)) { try folders.make(for: owner) }
    #expect(try status(place.name).owner == user)
  }

  @Test(.enabled(if: isRoot, onlyRoot)) func rootsOwnWillDoWhereTheUserMayWrite() throws {
    try make("state", mode: 0o770, user: 0)
    try make("cache", mode: 0o1777, user: 0)
    // The secret is there: nothing more is made beside it.
    try make("secret", user: 0)
    _ = try DurableFiles().create(folder.path + "/secret/srs", at: "test")
    try QueueFolders(settings()).make(for: owner)
    // The queue itself is the server's alone.
    #expect(chown(folder.path + "/spool/queue", 0, 0) == 0)
    #expect(chmod(folder.path + "/spool/queue", 0o770) == 0)
    #expect(try QueueFolders(settings()).faults(for: owner).count == 1)
  }

  @Test(.enabled(if: isRoot, onlyRoot)) func noneIsMadeWhereOthersCanBeFaster() throws {
    try make("spool", mode: 0o777, user: 0)
    let fault = try #require(try QueueFolders(settings()).faults(for: owner).first)
    #expect(
      fault.hasPrefix(
        "mailQueue: there is no folder \(folder.path)/spool/queue, and none is made for root below \(folder.path)/spool"
      ),
      "\(fault)")
    #expect(!exists("spool/queue"))
  }

  @Test func aFileInItsPlaceIsNamed() throws {
    _ = try DurableFiles().create(folder.path + "/maildir", at: "test")
    #expect(try QueueFolders(settings()).faults(for: owner) == ["localDelivery: \(folder.path)/maildir is no folder"])
  }
}
