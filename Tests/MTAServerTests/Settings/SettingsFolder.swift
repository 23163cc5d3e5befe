import Foundation
import MTACore
import MTASystem
import MTATestSupport
import NIOCore
import Testing

@testable import MTAServer

/// Settings files in a folder of their own. They are for their owner alone, unless a test says otherwise.
struct SettingsFolder {
  private let folder = TemporaryFolder()
  /// As settings have it.
  var path: String { PathName.absolute(folder.path) }

  /// Writes a file, and what folders it needs.
  func write(_ text: String, to name: String = "mta.json", mode: UInt32 = 0o600) throws {
    let file = self[name]
    try DurableFiles().makeDirectories(DurableFiles.parent(of: file), at: "test")
    try? DurableFiles().unlink(file, at: "test")
    try DurableFiles().create(file, at: "test").write(ByteBuffer(string: text), at: "test")
    try #require(chmod(file, mode_t(mode)) == 0)
  }

  /// The path of a file.
  subscript(name: String) -> String { path + "/" + name }

  /// What `mta.json` and the files that it includes come to.
  func read(
    from source: InheritedFiles = InheritedFiles(), overriding overrides: SettingsOverrides = .none
  ) throws -> Settings {
    let files = SettingsFiles(self["mta.json"], from: source)
    let made = try Settings.made(files.reading, overriding: overrides)
    let problems = files.problems + made.problems
    if !problems.isEmpty { throw SettingsFailure(problems) }
    return made.settings
  }

  /// What is wrong with them.
  func problems(overriding overrides: SettingsOverrides = .none) throws -> [String] {
    do {
      _ = try read(overriding: overrides)
      return []
    } catch let failure as SettingsFailure { return failure.problems }
  }

  func report(_ arguments: [String] = [], _ environment: [String: String] = [:]) -> SettingsReport {
    SettingsReport(contentsOf: self["mta.json"], arguments: arguments, environment: environment)
  }
}
