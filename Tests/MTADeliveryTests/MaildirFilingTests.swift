import Foundation
import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import SuiteTurns
import Testing

/// A copy whose filing was not recorded is not filed a second time.
@Suite(.endsHangs) struct MaildirFilingTests {
  /// What a mail reader does between two attempts.
  enum Reader: CaseIterable {
    case looksAway, looks, looksAndNotesTheSize, deletes
  }

  /// A queue with one mail, of which a first attempt was filed and then failed, so that it is tried again.
  private func attempted(_ folder: String, _ faults: FaultPlan) async throws -> Setup {
    var setup = Setup()
    setup.files = DurableFiles(faults: faults)
    setup.configuration.localDelivery = .maildir(directory: folder)
    try setup.queue.add(
      .test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: LocalDeliveryTests.text)
    // The folder's own names are synced as it is made.
    faults.inject(.fails(EIO), at: "maildir.folder.sync")
    try await setup.expectRun(RunSummary(deferred: 1))
    return setup
  }

  private func files(_ folder: String, _ part: String) -> [String] {
    LocalDeliveryTests.files(in: folder + "/a.example/x/" + part)
  }

  @Test(arguments: Reader.allCases) func whatWasFiledIsFound(_ reader: Reader) async throws {
    try await TemporaryFolder.using { folder in
      let faults = FaultPlan()
      let setup = try await attempted(folder, faults)
      let name = try #require(files(folder, "new").first)
      #expect(!faults.calls.contains("maildir.find"))
      let path = folder + "/a.example/x/"
      switch reader {
      case .looksAway: break
      case .looks: try FileManager.default.moveItem(atPath: path + "new/" + name, toPath: path + "cur/\(name):2,S")
      case .looksAndNotesTheSize:
        try FileManager.default.moveItem(atPath: path + "new/" + name, toPath: path + "cur/\(name),S=52:2,")
      case .deletes: try FileManager.default.removeItem(atPath: path + "new/" + name)
      }
      setup.clock.advance(by: .seconds(3600))
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(faults.calls.contains("maildir.find"))
      #expect(files(folder, "new").count + files(folder, "cur").count == 1)
      #expect(files(folder, "tmp").isEmpty)
      // Deleted is as good as never filed.
      #expect(faults.calls.count { $0 == "maildir.create" } == (reader == .deletes ? 2 : 1))
      let message = setup.queue.parcels[0].result?.message
      #expect(message == (reader == .deletes ? "2.0.0 filed as \(name)" : "2.0.0 filed before, as \(name)"))
    }
  }

  /// It may not have come to the disk before.
  @Test(arguments: ["new", "cur"]) func whatWasFiledIsSyncedOnceMore(_ part: String) async throws {
    try await TemporaryFolder.using { folder in
      let faults = FaultPlan()
      let setup = try await attempted(folder, faults)
      let name = try #require(files(folder, "new").first)
      if part == "cur" {
        try FileManager.default.moveItem(
          atPath: folder + "/a.example/x/new/" + name, toPath: folder + "/a.example/x/cur/" + name + ":2,")
      }
      setup.clock.advance(by: .seconds(3600))
      faults.inject(.fails(EIO), at: "maildir.folder.sync")
      try await setup.expectRun(RunSummary(deferred: 1))
      setup.clock.advance(by: .seconds(36_000))
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(files(folder, "new").count + files(folder, "cur").count == 1)
    }
  }

  /// Whether it is there cannot be told: to file it would double it, perhaps.
  @Test func aLookThatFailsDefers() async throws {
    try await TemporaryFolder.using { folder in
      let faults = FaultPlan()
      let setup = try await attempted(folder, faults)
      setup.clock.advance(by: .seconds(3600))
      faults.inject(.fails(EIO), at: "maildir.find")
      try await setup.expectRun(RunSummary(deferred: 1))
      #expect(files(folder, "new").count == 1)
    }
  }

  /// A mailbox's folder is made by the first copy; a copy that was leased before may be that one.
  @Test func withoutFolderNothingWasFiled() async throws {
    try await TemporaryFolder.using { folder in
      let setup = try await attempted(folder, FaultPlan())
      try FileManager.default.removeItem(atPath: folder + "/a.example")
      setup.clock.advance(by: .seconds(3600))
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(files(folder, "new").count == 1)
    }
  }

  /// Each copy has its own name, also where local parts that differ in case share a folder, and it tells when the mail was accepted.
  @Test func namesAreTheCopiesOwn() async throws {
    try await TemporaryFolder.using { folder in
      var setup = Setup()
      setup.configuration.localDelivery = .maildir(directory: folder)
      let now = setup.clock.now
      try setup.queue.add(
        .test("m1", to: ["x@a.example", "X@a.example", "y@a.example"], .local, at: now),
        content: LocalDeliveryTests.text)
      try setup.queue.add(.test("m2", to: ["x@a.example"], .local, at: now), content: LocalDeliveryTests.text)
      setup.clock.advance(by: .seconds(5))
      try await setup.expectRun(RunSummary(delivered: 4))
      let start = "\(now.seconds).M\((now.milliseconds - now.seconds * 1000) * 1000)I"
      #expect(
        files(folder, "new") == ["m1R0.us.example", "m1R1.us.example", "m2R0.us.example"].map { start + $0 })
      #expect(LocalDeliveryTests.files(in: folder + "/a.example/y/new") == [start + "m1R2.us.example"])
    }
  }
}
