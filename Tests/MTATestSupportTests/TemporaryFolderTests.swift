import MTASystem
import MTATestSupport
import NIOCore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct TemporaryFolderTests {
  @Test func itGoesWithAllThatIsInItAndFollowsNoLink() async throws {
    let files = DurableFiles()
    let outside = TemporaryFolder()
    _ = try files.create(outside.path + "/kept", at: "create")
    let path = try await TemporaryFolder.using { path in
      try files.makeDirectories(path + "/a/b", at: "folder")
      _ = try files.create(path + "/a/b/c", at: "create")
      #expect(symlink(outside.path, path + "/a/link") == 0)
      #expect(try files.status(path, at: "stat").mode == 0o700)
      return path
    }
    #expect { try files.status(path, at: "stat") } throws: { ($0 as? FileFailure)?.isNotFound == true }
    #expect(try files.names(in: outside.path, at: "list") == ["kept"])
  }
}
