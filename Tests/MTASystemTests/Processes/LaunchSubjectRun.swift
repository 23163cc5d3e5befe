#if canImport(Glibc)
  import Foundation
  import Glibc
  import MTASystem
  import MTATestSupport
  import Testing

  /// One run of LaunchSubject under an order: what it said, and how it ended.
  struct LaunchSubjectRun {
    let answers: [String]
    let complaints: String
    let end: LaunchedProcess.End

    static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".build/debug/LaunchSubject").path()

    static let isRoot = geteuid() == 0
    static let nobody = LaunchOrder.Owner(user: 65534, group: 65534)

    /// An order that the subject can take, whoever runs the tests.
    static func order(_ role: ProcessRole = .receiver) -> LaunchOrder {
      var order = LaunchOrder(role)
      order.owner = isRoot ? nobody : nil
      order.maximumDescriptors = 256
      return order
    }

    /// Asks the questions, and waits for the end.
    static func ask(
      _ questions: [String], _ order: LaunchOrder = Self.order(), environment: [String: String] = [:],
      descriptors: [String: Int32] = [:]
    ) async throws -> Self {
      let folder = TemporaryFolder()
      let output = try file(folder.path + "/output")
      let complaints = try file(folder.path + "/complaints")
      defer {
        close(output)
        close(complaints)
      }
      let child = try LaunchedProcess.spawn(
        order, program: .path(program), arguments: ["LaunchSubject"] + questions, environment: environment,
        output: output, complaints: complaints, descriptors: descriptors)
      let end = await child.end
      return Self(
        answers: lines(folder.path + "/output").map {
          $0.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""
        },
        complaints: try String(contentsOfFile: folder.path + "/complaints", encoding: .utf8), end: end)
    }

    /// A subject that has answered, and runs on until its value goes, or the process of the tests.
    final class Held {
      let child: LaunchedProcess
      private var ends: [Int32] = [-1, -1]
      private let folder = TemporaryFolder()

      init(_ order: LaunchOrder = LaunchSubjectRun.order()) async throws {
        let path = folder.path + "/output"
        let output = try LaunchSubjectRun.file(path)
        defer { close(output) }
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        child = try LaunchedProcess.spawn(
          order, program: .path(program), arguments: ["LaunchSubject", "hold"], output: output,
          descriptors: ["hold": ends[0]])
        let child = child
        try await eventually("it runs") {
          if child.hasEnded { throw EndedEarly() }
          return !lines(path).isEmpty
        }
      }

      deinit { for end in ends { close(end) } }
    }

    struct EndedEarly: Error {}

    static func file(_ path: String) throws -> Int32 {
      let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      try #require(file >= 0)
      return file
    }

    static func lines(_ path: String) -> [String] {
      ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }
  }
#endif
