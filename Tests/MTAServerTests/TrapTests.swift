import CrashSamples
import Foundation
import MTACore
import MTAStore
import MTASystem
import MTATestSupport
import SuiteTurns
import Testing

/// A mail at which processes end, really: whose fault it is, and what becomes of the others.
@Suite(.takesTurns, .endsHangs) struct TrapTests {
  private static func store(_ folder: String) throws -> MailStore {
    var configuration = MailStore.Configuration(database: folder + "/state/mta.db", queue: folder + "/queue")
    configuration.contentInDatabase = CrashSample.contentInDatabase
    configuration.spillThreshold = CrashSample.spillThreshold
    return try MailStore(configuration)
  }

  /// The samples, as our own users' mail.
  private static func fill(_ folder: String) async throws {
    let store = try store(folder)
    for sample in CrashSample.all { try await sample.commit(to: store, isSubmission: true) }
    await store.close()
  }

  private static func run(_ scenario: String, _ folder: String) async throws -> Int32 {
    try await ChildProcess(
      ServerProcess.binary.deletingLastPathComponent().appending(path: "CrashSubject").path(), [scenario, folder, "0"]
    ).end()
  }

  private static func held(_ folder: String) async throws -> [String] {
    let store = try store(folder)
    let held = try await store.list(.held).map { "\($0.mail): \($0.message ?? "")" }
    await store.close()
    return held
  }

  private static func filed(_ folder: String) -> Int {
    ["coco", "mike"].reduce(0) { sum, name in
      let new = folder + "/maildir/test.example/\(name)/new"
      return sum + ((try? FileManager.default.contentsOfDirectory(atPath: new))?.count ?? 0)
    }
  }

  @Test func aMailAtWhichTheProcessTrapsTwiceIsHeldAndOthersGoOn() async throws {
    try await TemporaryFolder.using { folder in
      try await Self.fill(folder)
      for _ in 0..<2 {
        #expect([SIGILL, SIGTRAP, SIGABRT, SIGSEGV].contains(try await Self.run("trap", folder)))
        #expect(try await Self.held(folder).isEmpty)
      }
      // Nothing is left that it would trap at.
      #expect(try await Self.run("trap", folder) == 0)
      let held = try await Self.held(folder)
      #expect(held.count == 2)
      #expect(held.allSatisfy { $0.hasPrefix("\(CrashSample.all[1].id): held: 2 attempts broke off") }, "\(held)")
      #expect(Self.filed(folder) == 2 * (CrashSample.all.count - 1))
    }
  }

  @Test func aProcessThatIsKilledAtItIsNoFaultOfTheMail() async throws {
    try await TemporaryFolder.using { folder in
      try await Self.fill(folder)
      for _ in 0..<4 { #expect(try await Self.run("kill", folder) == SIGKILL) }
      #expect(try await Self.held(folder).isEmpty)
    }
  }

  @Test func thePostmasterIsToldOnceADay() async throws {
    let server = try ServerProcess()
    try server.write(
      """
      {"serverName": "mx.test.example", "localDomains": ["test.example"], "listeningPorts": ["127.0.0.1:0"], "isolation": "inProcess",
       "ehloDomainVerifies": false, "mtaSTS": false, "localDelivery": "maildir:maildir"}
      """, to: "mta.json")
    let folder = server.folder.path()
    let store = try MailStore(MailStore.Configuration(database: folder + "/mta.db", queue: folder + "/queue"))
    for sample in CrashSample.all {
      try await sample.commit(to: store)
      for _ in 0..<2 { _ = try await store.suspect(sample.id, because: "a fault of ours", at: SystemClock().now) }
    }
    await store.close()
    for _ in 0..<2 {
      _ = try await server.serve()
      let mails = try await server.mails(of: "postmaster", count: 1)
      #expect(mails.count == 1)
      #expect(CrashSample.all.allSatisfy { mails[0].contains("\($0.id): a fault of ours") }, "\(mails[0])")
      server.signal(SIGTERM)
      #expect(try await server.end() == 0)
    }
  }
}
