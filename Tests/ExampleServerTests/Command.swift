import Foundation
import MTATestSupport

/// Runs the built ExampleServer, as a person at a terminal would.
enum Command {
  struct Run {
    var status: Int32
    var output: Data
    var complaint: String

    var text: String { String(decoding: output, as: UTF8.self) }

    /// The one JSON value that was printed.
    func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
      try JSONDecoder().decode(Value.self, from: output)
    }
  }

  /// Beside the test bundle.
  static let executable: URL = {
    var folder = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL.deletingLastPathComponent()
    folder = folder ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return (folder ?? URL(fileURLWithPath: ".build/debug")).appendingPathComponent("ExampleServer")
  }()

  static func run(_ arguments: String..., input: Data = Data()) async throws -> Run {
    try await run(arguments, input: input)
  }

  static func run(_ arguments: [String], input: Data = Data()) async throws -> Run {
    try await run(executable.path, arguments, input: input)
  }

  /// Runs a line of the shell, for what depends on folder or environment.
  static func shell(_ line: String) async throws -> Run { try await run("/bin/sh", ["-c", line]) }

  private static func run(_ program: String, _ arguments: [String], input: Data = Data()) async throws -> Run {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mta-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, not pipes: nobody has to read while the process runs.
    let (inputFile, outputFile, complaintFile) = (
      folder.appendingPathComponent("in"), folder.appendingPathComponent("out"), folder.appendingPathComponent("err")
    )
    try input.write(to: inputFile)
    let process = try ChildProcess(
      program, arguments, input: .file(inputFile.path), output: .file(outputFile.path),
      complaints: .file(complaintFile.path))
    return Run(
      status: await process.end(), output: try Data(contentsOf: outputFile),
      complaint: String(decoding: try Data(contentsOf: complaintFile), as: UTF8.self))
  }
}

/// A folder that is gone after the test.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("mta-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String) -> URL { url.appendingPathComponent(name) }
}
