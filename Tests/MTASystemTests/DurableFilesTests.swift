import MTASystem
import MTATestSupport
import NIOCore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct DurableFilesTests {
  let scratch = TemporaryFolder()
  let files = DurableFiles()

  @Test func whatIsWrittenIsReadAtAnyOffset() throws {
    let path = scratch.path + "/a"
    let file = try files.create(path, at: "create")
    try file.write(ByteBuffer(string: "hello, "), at: "write")
    try file.write(ByteBuffer(string: "world"), at: "write")
    try file.sync(at: "sync")
    try files.syncDirectory(scratch.path, at: "folder")

    let reader = try files.openForReading(path, at: "open")
    #expect(try reader.size(at: "size") == 12)
    #expect(try String(buffer: reader.read(from: 0, upTo: 5, at: "read")) == "hello")
    #expect(try String(buffer: reader.read(from: 7, upTo: 100, at: "read")) == "world")
    #expect(try reader.read(from: 12, upTo: 1, at: "read").readableBytes == 0)
    #expect(try files.status(path, at: "stat").mode == 0o600)
  }

  @Test func creatingIsExclusiveAndLinkNeverReplaces() throws {
    let path = scratch.path + "/a"
    _ = try files.create(path, at: "create")
    #expect { try files.create(path, at: "create") } throws: { ($0 as? FileFailure)?.alreadyExists == true }
    _ = try files.create(scratch.path + "/b", at: "create")
    #expect { try files.link(path, to: scratch.path + "/b", at: "link") } throws: {
      ($0 as? FileFailure)?.alreadyExists == true
    }
    try files.link(path, to: scratch.path + "/c", at: "link")
    try files.rename(scratch.path + "/b", to: scratch.path + "/d", at: "rename")
    try files.unlink(path, at: "unlink")
    #expect(try files.names(in: scratch.path, at: "list").sorted() == ["c", "d"])
    #expect { try files.unlink(path, at: "unlink") } throws: { ($0 as? FileFailure)?.isNotFound == true }
  }

  @Test func missingFoldersAreMadeOnceWithTheirMode() throws {
    let path = scratch.path + "/x/y/z"
    try files.makeDirectories(path, at: "folder")
    try files.makeDirectories(path, at: "folder")
    let status = try files.status(path, at: "stat")
    #expect(status.isDirectory && status.mode == 0o700)
    #expect(try !files.makeDirectory(path, at: "folder"))
    _ = try files.create(scratch.path + "/file", at: "create")
    #expect { try files.makeDirectory(scratch.path + "/file", at: "folder") } throws: {
      ($0 as? FileFailure)?.code == ENOTDIR
    }
  }

  @Test(arguments: [("a/b", "a"), ("b", "."), ("/b", "/"), ("/a/b/", "/a"), ("/", "/")])
  func parents(_ path: String, _ parent: String) {
    #expect(DurableFiles.parent(of: path) == parent)
  }

  @Test func locksExcludeOthersUntilClosed() throws {
    let path = scratch.path + "/lock"
    var first: DurableFile? = try files.openOrCreate(path, at: "open")
    let second = try files.openOrCreate(path, at: "open")
    #expect(try first?.lock(exclusive: true, wait: false, at: "lock") == true)
    #expect(try !second.lock(exclusive: false, wait: false, at: "lock"))
    #expect(try first?.lock(exclusive: false, wait: false, at: "lock") == true)
    #expect(try second.lock(exclusive: false, wait: false, at: "lock"))
    #expect(try !second.lock(exclusive: true, wait: false, at: "lock"))
    first = nil
    #expect(try second.lock(exclusive: true, wait: false, at: "lock"))
  }
}

@Suite struct FaultPlanTests {
  let scratch = TemporaryFolder()

  @Test func theNthCallFailsAndLeavesNothingDone() throws {
    let faults = FaultPlan()
    let files = DurableFiles(faults: faults)
    faults.inject(.fails(ENOSPC), call: 2)
    let file = try files.create(scratch.path + "/a", at: "create")
    #expect { try file.write(ByteBuffer(string: "x"), at: "write") } throws: { ($0 as? FileFailure)?.isNoSpace == true }
    #expect(try file.size(at: "size") == 0)
    try file.write(ByteBuffer(string: "x"), at: "write")
    #expect(try file.size(at: "size") == 1)
    #expect(faults.calls == ["create", "write", "size", "write", "size"])
    #expect(faults.injected == 1)
  }

  @Test func aNamedPointFailsAsOftenAsTold() throws {
    let faults = FaultPlan()
    let files = DurableFiles(faults: faults)
    faults.inject(.fails(EIO), at: "sync", call: 2, times: 2)
    let file = try files.create(scratch.path + "/a", at: "create")
    try file.sync(at: "sync")
    #expect(throws: FileFailure(code: EIO, operation: "fdatasync", path: file.path)) { try file.sync(at: "sync") }
    #expect(throws: FileFailure.self) { try file.sync(at: "sync") }
    try file.sync(at: "sync")
    faults.inject(.fails(EIO))
    faults.clear()
    try file.sync(at: "sync")
  }

  @Test func faultsOfOneKindPassTheOtherStepsOver() throws {
    let faults = FaultPlan()
    faults.inject(.failsOnFile(EIO))
    faults.inject(.refuses(5))
    #expect(faults.databaseFault(at: "a") == .refuses(5))
    #expect(faults.databaseFault(at: "b") == nil)
    #expect(faults.fault(at: "c") == EIO)
    #expect(faults.fault(at: "d") == nil)
    #expect(faults.spoilt == ["a", "c"])
  }

  @Test func failuresReadAsSentences() {
    #expect(
      FileFailure(code: ENOSPC, operation: "write", path: "q/1.part").description
        == "write q/1.part: No space left on device")
  }
}
