#if canImport(Glibc)
  import Foundation
  import Glibc
  import MTASystem
  import MTATestSupport
  import SuiteTurns
  import Testing

  /// A process of root that becomes somebody else while it runs.
  @Suite(.takesTurns, .endsHangs) struct BecomeTests {
    private static let isRoot = LaunchSubjectRun.isRoot

    /// Asks a subject that has the rights of the tests.
    private func ask(_ questions: String...) async throws -> [String] {
      let folder = TemporaryFolder()
      let output = folder.path + "/output"
      let subject = try ChildProcess(LaunchSubjectRun.program, questions, output: .file(output))
      #expect(await subject.end() == 0)
      return LaunchSubjectRun.lines(output).map { $0.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? "" }
    }

    @Test(.enabled(if: isRoot, "only root can become another user")) func everyThreadIsThatUserForGood() async throws {
      let answers = try await ask("become 65534", "ids", "regain", "become 65534", "ids")
      try #require(answers.count == 5)
      let none = "0000000000000000"
      #expect(
        answers[0]
          == "true Uid: 65534 65534 65534 65534 Gid: 65534 65534 65534 65534 Groups: CapPrm: \(none) CapEff: \(none)"
      )
      #expect(answers[1] == "65534 65534 65534 65534 0")
      #expect(answers[2] == "EPERM EPERM EPERM")
      // Who is that user already cannot do it again.
      #expect(answers[3].hasPrefix("cannot leave the groups of root"))
      #expect(answers[4] == answers[1])
    }

    @Test(.enabled(if: !isRoot, "root can become another user")) func onlyRootCan() async throws {
      #expect(try await ask("become 65534").first?.hasPrefix("cannot leave the groups of root: ") == true)
    }

    @Test func rootIsNobodyElse() {
      for (user, group) in [(0, 65_534), (65_534, 0)] as [(UInt32, UInt32)] {
        #expect(throws: SystemAccount.Failure.stays("root is no other user", code: 0)) {
          try SystemAccount.become(user: user, group: group)
        }
      }
    }
  }
#endif
