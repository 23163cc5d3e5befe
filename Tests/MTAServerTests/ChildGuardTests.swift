import Foundation
import MTATestSupport
import Testing

/// What a run of tests leaves behind when it is killed.
@Suite struct ChildGuardTests {
  @Test func theChildrenOfAKilledRunEndWithIt() async throws {
    let folder = TemporaryFolder()
    let subject = ServerProcess.binary.deletingLastPathComponent().appending(path: "CrashSubject").path()
    let output = folder.path + "/output"
    let parent = try ChildProcess(subject, ["parent", folder.path, "0"], output: .file(output))
    #expect(await parent.end() == SIGKILL)
    let said = try String(contentsOfFile: output, encoding: .utf8)
    let child = try #require(pid_t(said.dropFirst("child ".count).trimmingCharacters(in: .newlines)))
    try await eventually("the child's process is gone") { Self.isGone(child) }
  }

  /// A process that has ended stays as a zombie until whoever inherited it asks for its status.
  private static func isGone(_ id: pid_t) -> Bool {
    guard kill(id, 0) == 0 else { return true }
    let status = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
    return status.split(separator: ")").last?.hasPrefix(" Z") ?? false
  }
}
