import Foundation
import MTASystem
import MTATestSupport
import Testing

/// Folders that root makes for a user. Who is not root gives them to itself.
struct GivenFoldersTests {
  private let folder = TemporaryFolder()
  private let files = DurableFiles()
  private let user: UInt32 = geteuid() == 0 ? 65_534 : geteuid()
  private let group: UInt32 = geteuid() == 0 ? 65_534 : getegid()

  private func make(_ path: String, isTrial: Bool = false) throws(GivingFailure) {
    try files.makeDirectories(folder.path + path, givenTo: user, group, isTrial: isTrial, at: "test") { status in
      ![0, geteuid(), user].contains(status.owner) || status.mode & 0o022 != 0
    }
  }

  private func status(_ path: String) throws -> FileStatus { try files.statusOfLink(folder.path + path, at: "test") }

  private func exists(_ path: String) -> Bool { (try? status(path)) != nil }

  @Test func missingOnesAreTheUsersAlone() throws {
    try make("/a/b/./c")
    for path in ["/a", "/a/b", "/a/b/c"] {
      let status = try status(path)
      #expect(status.owner == user && status.group == group && status.mode == 0o700, "\(path)")
    }
    try make("/a/b/d")
    #expect(try status("/a/b/d").owner == user)
  }

  @Test func whatIsThereStaysAsItIs() throws {
    try files.makeDirectory(folder.path + "/a", mode: 0o755, at: "test")
    let before = try status("/a")
    try make("/a")
    #expect(try status("/a") == before)
    try make("/a/b")
    #expect(try status("/a").owner == before.owner)
    #expect(try status("/a/b").owner == user)
  }

  @Test(arguments: ["/link", "/link/b", "/real/inner/b"]) func noLinkIsFollowed(path: String) throws {
    try files.makeDirectory(folder.path + "/real", at: "test")
    try files.makeDirectory(folder.path + "/other", at: "test")
    #expect(symlink(folder.path + "/other", folder.path + "/link") == 0)
    #expect(symlink(folder.path + "/other", folder.path + "/real/inner") == 0)
    let link = folder.path + (path.hasPrefix("/link") ? "/link" : "/real/inner")
    #expect(throws: GivingFailure.link(link)) { try make(path) }
    #expect(!exists("/other/b"))
    // One that leads nowhere yet.
    #expect(symlink(folder.path + "/missing", folder.path + "/empty") == 0)
    #expect(throws: GivingFailure.link(folder.path + "/empty")) { try make("/empty") }
    #expect(!exists("/missing"))
  }

  /// Sticky or not: whoever else may write there could be faster.
  @Test(arguments: [0o777, 0o1777, 0o770] as [mode_t]) func nothingIsMadeWhereStrangersWrite(mode: mode_t) throws {
    try files.makeDirectory(folder.path + "/open", at: "test")
    #expect(chmod(folder.path + "/open", mode) == 0)
    let status = try status("/open")
    for isTrial in [true, false] {
      #expect(throws: GivingFailure.strangers(folder.path + "/open", status)) { try make("/open/a", isTrial: isTrial) }
    }
    #expect(!exists("/open/a"))
  }

  /// In a sticky folder others cannot rename what is not theirs.
  @Test(arguments: [(0o1777, true), (0o777, false)] as [(mode_t, Bool)])
  func belowStrangersFoldersMustBeSticky(mode: mode_t, isMade: Bool) throws {
    try files.makeDirectories(folder.path + "/open/ours", at: "test")
    #expect(chmod(folder.path + "/open", mode) == 0)
    if isMade {
      try make("/open/ours/a")
    } else {
      #expect(throws: GivingFailure.strangers(folder.path + "/open", try status("/open"))) { try make("/open/ours/a") }
    }
    #expect(exists("/open/ours/a") == isMade)
  }

  @Test func aTrialMakesNothing() throws {
    try make("/a/b", isTrial: true)
    #expect(!exists("/a"))
  }

  @Test func aFileInTheWayIsNamed() throws {
    _ = try files.create(folder.path + "/file", at: "test")
    let failure = #expect(throws: GivingFailure.self) { try make("/file/a") }
    guard case .file(let reason) = failure else { return #expect(Bool(false), "\(failure as Any)") }
    #expect(reason.code == ENOTDIR && reason.path == folder.path + "/file")
  }
}
