import CrashSamples
import MTACore
import MTADelivery
import MTAStore
import MTASystem
import MTATestSupport
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A process made to be killed: does one thing with a store, and ends at the step that it is told, as by kill -9. Only the tests
/// run it (CrashPointTests); programs of adopters know no such orders.
///
///     CrashSubject SCENARIO FOLDER PORT [POINT PASS]
///
/// Says `receipt ID` for each mail that it may call accepted; at the end, `step POINT` for each step that it made.
@main struct CrashSubject {
  let folder: String
  let port: UInt16
  let faults: FaultPlan

  static func main() async throws {
    let words = CommandLine.arguments
    guard words.count == 4 || words.count == 6, let port = UInt16(words[3]) else { exit(64) }
    let faults = FaultPlan()
    let subject = CrashSubject(folder: words[2], port: port, faults: faults)
    if words.count == 6, let pass = Int(words[5]) { faults.inject(.crashes, at: FaultPoint(words[4]), call: pass) }
    switch words[1] {
    case "start": await (try subject.open()).close()
    case "merge": _ = try MailStore.salvage(subject.configuration, from: subject.folder + "/state/old.db")
    case "accept": try await subject.accept()
    case "maildir": try await subject.deliver { $0.localDelivery = .maildir(directory: subject.folder + "/maildir") }
    case "smtp":
      guard let sink = HostAndPort("127.0.0.1:\(port)") else { exit(64) }
      try await subject.deliver { $0.localDelivery = .smtp(sink) }
    case "arrival": try await subject.deliverOnArrival()
    case "trap", "kill":
      TrapRecord.install(at: MailStore.trapRecord(in: subject.folder + "/queue"))
      let signer = FatalSigner(traps: words[1] == "trap")
      try await subject.deliver(signer) { $0.localDelivery = .maildir(directory: subject.folder + "/maildir") }
    case "bounce": try await subject.bounce()
    case "own": try await subject.own()
    case "look":
      try await subject.look()
      return
    case "parent":
      say("child \(try ChildProcess("/bin/sleep", ["3600"]).id)")
      kill(getpid(), SIGKILL)
    default: exit(64)
    }
    for step in faults.calls { say("step \(step)") }
  }

  /// At once: a buffer would die with the process.
  private static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(STDOUT_FILENO, bytes, bytes.count)
  }

  private var configuration: MailStore.Configuration {
    var configuration = MailStore.Configuration(database: folder + "/state/mta.db", queue: folder + "/queue")
    configuration.contentInDatabase = CrashSample.contentInDatabase
    configuration.spillThreshold = CrashSample.spillThreshold
    configuration.historyDelay = .seconds(3600)
    configuration.faults = faults
    return configuration
  }

  private func open() throws -> MailStore { try MailStore(configuration) }

  private func accept() async throws {
    let store = try open()
    for sample in CrashSample.all {
      try await sample.commit(to: store)
      Self.say("receipt \(sample.id)")
    }
    await store.close()
  }

  /// Ends the process at one of the samples, as a fault of ours would, or somebody from outside.
  private struct FatalSigner: MailSigner {
    let traps: Bool

    func signature(for envelope: Envelope, _ content: StoredContent, at now: Timestamp) async throws -> ByteBuffer? {
      guard envelope.id == CrashSample.all[1].id else { return nil }
      if traps { fatalError("a fault of ours") }
      kill(getpid(), SIGKILL)
      return nil
    }
  }

  private func deliver(
    _ signer: (any MailSigner)? = nil, _ adjust: (inout QueueRunner.Configuration) -> Void
  ) async throws {
    let store = try open()
    var configuration = QueueRunner.Configuration(serverName: "mx.test.example")
    configuration.usesTLS = false
    adjust(&configuration)
    let runner = try QueueRunner(
      queue: store, dns: LiteralZone(), configuration: configuration, signer: signer,
      files: DurableFiles(faults: faults))
    _ = try await runner.runOnce()
    await store.close()
  }

  /// Accepts mails beside a service that takes them as they come.
  private func deliverOnArrival() async throws {
    guard let sink = HostAndPort("127.0.0.1:\(port)") else { exit(64) }
    let store = try open()
    var configuration = QueueRunner.Configuration(serverName: "mx.test.example")
    configuration.usesTLS = false
    configuration.localDelivery = .smtp(sink)
    let runner = try QueueRunner(queue: store, dns: LiteralZone(), configuration: configuration)
    let service = Task { try await runner.run() }
    try await pass("claim.find", times: 1)
    for sample in CrashSample.all {
      try await sample.commit(to: store)
      Self.say("receipt \(sample.id)")
    }
    try await pass("parcel.record", times: CrashSample.all.count * 2)
    service.cancel()
    _ = try await service.value
    await store.close()
  }

  /// Waits until a step was made so often.
  private func pass(_ point: FaultPoint, times: Int) async throws {
    try await eventually("step \(point) is made") { faults.calls.count { $0 == point } >= times }
  }

  /// Leases the parcels of one mail, and holds them until it is killed.
  private func own() async throws {
    let store = try open()
    let owner = try store.leaseRegistry.enter()
    let now = SystemClock().now
    let mails = try await store.claim(by: owner, limit: 1, now: now, deadline: now)
    Self.say("owns \(mails.map(\.envelope.id.description).joined(separator: " "))")
    while true { pause() }
  }

  /// Does what a runner does every two seconds.
  private func look() async throws {
    let store = try open()
    Self.say("released \(try await store.releaseLeases { store.leaseRegistry.isAlive($0) })")
    await store.close()
  }

  /// Gives every copy up, and reports it.
  private func bounce() async throws {
    let store = try open()
    let owner = try store.leaseRegistry.enter()
    let now = SystemClock().now
    for mail in try await store.claim(by: owner, limit: 100, now: now, deadline: now + .seconds(60)) {
      let results = mail.parcels.map { ParcelResult($0.id, .failed, message: "550 5.1.1 no such user") }
      try await store.record(results, reports: [CrashSample.report(of: mail)], by: owner, at: now)
    }
    await store.close()
  }
}
