import MTACore
import MTASystem
import MTATestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct LeaseFolderTests {
  let scratch = TemporaryFolder()
  private var path: String { scratch.path + "/queue/.owners" }

  private func names() throws -> [String] { try DurableFiles().names(in: path, at: "test") }

  @Test func anOwnerLivesFromItsEntryToItsLeave() throws {
    // The second one is as another process: it has nothing but the folder.
    let (own, others) = (LeaseFolder(path), LeaseFolder(path))
    let (one, other) = (try own.enter(), try own.enter())
    #expect(one != other && one.place == LeaseFolder.place)
    #expect(own.isAlive(one) && others.isAlive(one) && others.isAlive(other))
    own.leave(one)
    #expect(!own.isAlive(one) && !others.isAlive(one) && others.isAlive(other))
    #expect(try names().count == 1)
    own.leave(one)
    #expect(others.isAlive(other))
  }

  /// As at a death, the lock goes, and the file stays until another one enters.
  @Test func theFileOfADeadOwnerIsRemovedByTheNext() throws {
    var folder: LeaseFolder? = LeaseFolder(path)
    let dead = try #require(try folder?.enter())
    let others = LeaseFolder(path)
    let living = try others.enter()
    #expect(others.isAlive(dead))
    folder = nil
    #expect(!others.isAlive(dead) && others.isAlive(living))
    #expect(try names().count == 2)
    let next = try LeaseFolder(path).enter()
    #expect(!others.isAlive(dead) && others.isAlive(living))
    #expect(!others.isAlive(next), "its registry is gone")
    #expect(try names().count == 2)
  }

  @Test func whatIsNoOwnersFileStays() throws {
    let folder = LeaseFolder(path)
    _ = try folder.enter()
    for name in ["notes", "1-2-3.txt", "1-2", "..new"] {
      _ = try DurableFiles().create(path + "/" + name, at: "test")
    }
    _ = try folder.enter()
    #expect(try names().count == 6)
  }

  @Test func anOwnerWithoutAFileIsDead() throws {
    let folder = LeaseFolder(path)
    let own = try folder.enter()
    var other = own
    other.mark &+= 1
    #expect(!folder.isAlive(other))
    other = own
    other.process = -7
    #expect(!folder.isAlive(other))
  }

  /// Such leases are of a program that knew no folder, or that of another machine.
  @Test func strangersAreJudgedAsTold() throws {
    let old = try #require(LeaseOwner("4e1a1bd3-5f05-4e5a-9a5c-000000000000/4711/123456/1"))
    #expect(!LeaseFolder(path).isAlive(old))
    #expect(LeaseFolder(path, strangersLive: true).isAlive(old))
  }

  /// Nobody is declared dead for want of a look.
  @Test func whereNothingCanBeSeenEveryoneLives() throws {
    let faults = FaultPlan()
    let folder = LeaseFolder(path, files: DurableFiles(faults: faults))
    let owner = LeaseOwner(place: LeaseFolder.place, process: 1, mark: 1)
    #expect(folder.isAlive(owner), "there is no folder")
    _ = try folder.enter()
    #expect(!folder.isAlive(owner))
    for code in [EACCES, EMFILE, ENFILE, EIO, ENOMEM, ELOOP, ENOLCK] {
      faults.inject(.fails(code), at: "owner.look")
      #expect(folder.isAlive(owner))
      #expect(!folder.isAlive(owner))
    }
    #expect(rename(path, path + "-away") == 0)
    #expect(folder.isAlive(owner))
    _ = try DurableFiles().create(path, at: "test")
    #expect(folder.isAlive(owner), "a file in the folder's place")
  }

  @Test func anEntryThatFailsLeavesNothing() throws {
    for code in [ENOSPC, EIO, EROFS] {
      for point: FaultPoint in ["owner.create", "owner.lock", "owner.name"] {
        let faults = FaultPlan()
        let folder = LeaseFolder(path, files: DurableFiles(faults: faults))
        faults.inject(.fails(code), at: point)
        let failure = #expect(throws: StoreFailure.self) { try folder.enter() }
        #expect((failure == .noSpace) == (code == ENOSPC), "\(point)")
        #expect(try names().isEmpty, "\(point)")
        let owner = try folder.enter()
        #expect(folder.isAlive(owner))
        folder.leave(owner)
      }
    }
  }

  /// Whoever enters removes files of the dead, and must not take those of the arriving for such.
  @Test func manyEnterAtOnce() async throws {
    let path = path
    let others = LeaseFolder(path)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let folder = LeaseFolder(path)
          for _ in 0..<50 {
            let owner = try folder.enter()
            #expect(others.isAlive(owner))
            folder.leave(owner)
            #expect(!others.isAlive(owner))
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try names().isEmpty)
  }

  @Test func aTableKnowsItsOwn() throws {
    let table = LeaseTable()
    let (one, other) = (try table.enter(), try table.enter())
    #expect(one != other && table.isAlive(one) && table.isAlive(other))
    table.leave(one)
    #expect(!table.isAlive(one) && table.isAlive(other))
    #expect(!LeaseTable().isAlive(other))
  }

  @Test func anOwnersNameIsReadAgain() throws {
    let owner = try LeaseTable().enter()
    #expect(LeaseOwner("\(owner)") == owner)
    for text in ["", "a/1/2", "a/1/2/3/4", "a/x/2/3", "a/1/-2/3"] { #expect(LeaseOwner(text) == nil) }
  }
}
