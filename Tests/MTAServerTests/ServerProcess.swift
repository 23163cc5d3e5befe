import Foundation
import MTATestSupport
import NIOCore
import Testing

/// A running ExampleServer, in a folder of its own: the thing itself, as an operator runs it.
final class ServerProcess {
  let folder: URL
  /// The path by which it is started.
  var program = binary.path()
  private var process: ChildProcess?
  private var log: URL { folder.appending(path: "log") }

  static let binary: URL = {
    let given = ProcessInfo.processInfo.environment["MTA_EXAMPLE_SERVER"].map { URL(filePath: $0) }
    return given
      ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: ".build/debug/ExampleServer")
  }()

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "mta-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    process?.signal(SIGTERM)
    try? FileManager.default.removeItem(at: folder)
  }

  func write(_ text: String, to name: String) throws {
    let file = folder.appending(path: name)
    try text.write(to: file, atomically: true, encoding: .utf8)
    // Files with hashes and keys are for the server alone.
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path())
  }

  /// Starts `serve`, and waits until it listens. Returns where.
  ///
  /// - Parameters:
  ///   - name: the file of the folder that the settings name as the log; nil when they name none.
  ///   - service: what a service manager gives.
  func serve(log name: String? = nil, under service: ServiceManager? = nil) async throws -> SocketAddress {
    let log = name.map { folder.appending(path: $0) } ?? log
    try launch(["serve", "--config", folder.appending(path: "mta.json").path()], under: service)
    return try await eventually("the server listens") {
      let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
      if let address = try address(saidIn: text) { return address }
      guard process?.isRunning == true else { throw Failure("the server ended: \(text)") }
      return nil
    }
  }

  /// Where the server listens, by its log.
  func address(saidIn log: String) throws -> SocketAddress? {
    // The last line may not be whole yet.
    for line in log.split(separator: "\n", omittingEmptySubsequences: false).dropLast().reversed()
    where line.contains("listening on 127.0.0.1 port") {
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "port"), place + 1 < words.count, let port = Int(words[place + 1]) else {
        continue
      }
      return try SocketAddress(ipAddress: "127.0.0.1", port: port)
    }
    return nil
  }

  /// Runs a command to its end. Returns its status and what it said.
  ///
  /// - Parameter input: the file of the folder that it reads on standard input.
  func run(_ arguments: [String], input: String? = nil, under service: ServiceManager? = nil) async throws -> (
    status: Int32, output: String
  ) {
    try launch(arguments, input: input, under: service)
    let status = try await end()
    return (status, try String(contentsOf: log, encoding: .utf8))
  }

  private func launch(_ arguments: [String], input: String? = nil, under service: ServiceManager? = nil) throws {
    try Data().write(to: log)
    // A shell tells the server its own number, which stays the same.
    let words = ["-c", #"export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$0" "$@""#, program] + arguments
    process = try ChildProcess(
      service == nil ? program : "/bin/sh", service == nil ? arguments : words,
      input: input.map { .file(folder.appending(path: $0).path()) } ?? .null, output: .file(log.path()),
      complaints: .file(log.path()), passing: service?.sockets ?? [], environment: service?.environment ?? [:])
  }

  /// The number of the process that was started last.
  var id: Int32? { process?.id }

  func signal(_ number: Int32) { process?.signal(number) }

  /// Waits until the log of `serve` says this.
  func logs(_ text: String, in name: String? = nil) async throws {
    let log = name.map { folder.appending(path: $0) } ?? log
    try await eventually("the log says \(text)") {
      (try? String(contentsOf: log, encoding: .utf8))?.contains(text) == true
    }
  }

  /// Whether the log says this so many times.
  func log(has text: String, times: Int) -> Bool {
    let words = try? String(contentsOf: log, encoding: .utf8).components(separatedBy: text)
    return (words?.count ?? 1) - 1 >= times
  }

  /// Runs a command beside the server.
  func ask(_ arguments: [String]) async throws -> (status: Int32, output: String) {
    let said = folder.appending(path: "said-\(UUID().uuidString)")
    try Data().write(to: said)
    let command = try ChildProcess(
      Self.binary.path(), arguments, input: .null, output: .file(said.path()), complaints: .file(said.path()),
      passing: [], environment: [:])
    let status = await command.end()
    return (status, try String(contentsOf: said, encoding: .utf8))
  }

  /// Waits for the end; the exit status, or the number of the signal that ended it.
  @discardableResult
  func end() async throws -> Int32 {
    guard let process else { throw Failure("nothing was started") }
    try await eventually("the process ends") { !process.isRunning }
    return await process.end()
  }

  /// The files of a mailbox of `test.example`, once there are as many.
  func mails(of mailbox: String, count: Int) async throws -> [String] {
    let inbox = folder.appending(path: "maildir/test.example/\(mailbox)/new")
    do {
      return try await eventually("\(count) mails are in the inbox of \(mailbox)") {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: inbox.path())) ?? []
        guard names.count >= count else { return nil }
        return try names.sorted().map { try String(contentsOf: inbox.appending(path: $0), encoding: .utf8) }
      }
    } catch let failure as NeverHappened {
      throw Failure("\(failure); the log: \((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
    }
  }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: name).path()) }

  struct Failure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }
}
