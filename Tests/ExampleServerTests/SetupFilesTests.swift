import Foundation
import MTASystem
import Testing

@testable import MTACommands

/// A setup writes all of its files, or none.
@Suite struct SetupFilesTests {
  private let folder: TemporaryFolder
  private let root: String

  init() throws {
    folder = try TemporaryFolder()
    root = folder.url.resolvingSymlinksInPath().path
  }

  private func setup(_ content: String = "new", faults: FaultPlan? = nil) -> SetupFiles {
    SetupFiles(
      folders: [.init(path: root + "/a/out", mode: 0o750), .init(path: root + "/a/out/keys", mode: 0o700)],
      files: [
        .init(path: root + "/a/out/keys/key.pem", bytes: Array("\(content) key".utf8), mode: 0o600),
        .init(path: root + "/a/out/mta.json", bytes: Array("\(content) settings".utf8), mode: 0o640),
      ], suffix: ".old", faults: faults)
  }

  /// Every path below the folder, with its mode and content.
  private func tree() throws -> [String: String] {
    var found: [String: String] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
      let status = try DurableFiles().statusOfLink(root + "/" + path, at: "test")
      let content = status.isRegularFile ? try String(contentsOfFile: root + "/" + path, encoding: .utf8) : "folder"
      found[path] = String(status.mode, radix: 8) + " " + content
    }
    return found
  }

  private let whole = [
    "a": "755 folder", "a/out": "750 folder", "a/out/keys": "700 folder", "a/out/keys/key.pem": "600 new key",
    "a/out/mta.json": "640 new settings",
  ]

  @Test func filesHaveTheirModes() throws {
    #expect(try setup().write(replacing: false) == [])
    #expect(try tree() == whole)
  }

  @Test func whatIsThereIsReplacedOnlyIfToldSoAndThenKept() throws {
    _ = try setup("old").write(replacing: false)
    let before = try tree()
    #expect(throws: SetupFiles.Failure.self) { try setup().write(replacing: false) }
    #expect(try tree() == before)
    // What a crash left is in nobody's way.
    try Data("half".utf8).write(to: URL(fileURLWithPath: root + "/a/out/mta.json.new"))
    let kept = try setup().write(replacing: true)
    #expect(kept == [root + "/a/out/keys/key.pem.old", root + "/a/out/mta.json.old"])
    let olds = ["a/out/keys/key.pem.old": "600 old key", "a/out/mta.json.old": "640 old settings"]
    #expect(try tree() == whole.merging(olds) { $1 })
    // The name for old files is taken: nothing is lost.
    let after = try tree()
    #expect(throws: SetupFiles.Failure.self) { try setup("newer").write(replacing: true) }
    #expect(try tree() == after)
  }

  /// Whichever step fails, all is as it was before, or all is done.
  @Test(arguments: [false, true])
  func aFailureLeavesNothingHalf(_ replaces: Bool) throws {
    var failures = 0
    for call in 1...80 {
      for name in try FileManager.default.contentsOfDirectory(atPath: root) {
        try FileManager.default.removeItem(atPath: root + "/" + name)
      }
      if replaces { _ = try setup("old").write(replacing: false) }
      let before = try tree()
      let faults = FaultPlan()
      faults.inject(.fails(ENOSPC), call: call)
      do {
        _ = try setup(faults: faults).write(replacing: replaces)
        #expect(try tree()["a/out/mta.json"] == "640 new settings", "step \(call)")
        if faults.spoilt.isEmpty { break }
      } catch {
        failures += 1
        #expect(try tree() == before, "step \(call): \(faults.spoilt)")
      }
      #expect(call < 80)
    }
    #expect(failures > 15)
  }
}
