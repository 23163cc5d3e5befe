import CrashSamples
import Foundation
import MTACore
import MTAStore
import MTASystem
import MTATestSupport
import SuiteTurns
import Testing

#if canImport(Glibc)
  /// Owners of leases on one queue that cannot see each other's processes. One is killed, and loses its leases at once; the other keeps
  /// its own.
  @Suite(.takesTurns, .endsHangs) struct HiddenOwnerTests {
    private static let subject = ServerProcess.binary.deletingLastPathComponent().appending(path: "CrashSubject").path()

    /// A queue with three mails, and what each process says.
    private struct Stage {
      let folder: String
      let said: String

      func text(_ name: String) -> String { (try? String(contentsOfFile: said + "/" + name, encoding: .utf8)) ?? "" }

      /// Waits until an owner has its lease: the mail's id.
      func lease(of name: String) async throws -> String {
        try await eventually("\(name) leases") {
          let words = text(name).split(separator: " ")
          return words.count == 2 && words[1].hasSuffix("\n") ? String(words[1].dropLast()) : nil
        }
      }

      /// Runs a look of another process: the first line that it says.
      func look(by program: String = subject, _ arguments: [String]? = nil) async throws -> String {
        let file = said + "/look-" + UUID().uuidString
        let process = try ChildProcess(program, arguments ?? ["look", folder, "0"], output: .file(file))
        try #require(await process.end() == 0)
        // Its steps follow.
        return String(try String(contentsOfFile: file, encoding: .utf8).prefix { $0 != "\n" }) + "\n"
      }

      func own(as name: String) throws -> ChildProcess {
        try ChildProcess(subject, ["own", folder, "0"], output: .file(said + "/" + name))
      }
    }

    private static func staged(_ body: (Stage) async throws -> Void) async throws {
      try await TemporaryFolder.using { said in
        try await TemporaryFolder.using { folder in
          let store = try MailStore(.init(database: folder + "/state/mta.db", queue: folder + "/queue"))
          for sample in CrashSample.all { try await sample.commit(to: store) }
          await store.close()
          try await body(Stage(folder: folder, said: said))
        }
      }
    }

    @Test func theKilledOneLosesItsLeasesAtOnce() async throws {
      try await Self.staged { stage in
        let (one, other) = (try stage.own(as: "one"), try stage.own(as: "other"))
        #expect(try await stage.lease(of: "one") != stage.lease(of: "other"))
        #expect(try await stage.look() == "released 0\n")
        one.signal(SIGKILL)
        _ = await one.end()
        #expect(try await stage.look() == "released 2\n")
        #expect(try await stage.look() == "released 0\n")
        other.signal(SIGKILL)
        _ = await other.end()
        #expect(try await stage.look() == "released 2\n")
      }
    }

    /// `PR_SET_DUMPABLE` 0; Landlock, where the kernel has it; under root another user, too.
    @Test func aLaunchedProcessIsSeenAlive() async throws {
      try await Self.staged { stage in
        var order = LaunchOrder(.queue)
        order.writablePaths += [stage.folder]
        if geteuid() == 0 {
          order.owner = LaunchOrder.Owner(user: 65_534, group: 65_534)
          for path in try [stage.folder]
            + FileManager.default.subpathsOfDirectory(atPath: stage.folder)
            .map({ stage.folder + "/" + $0 })
          {
            try #require(chown(path, 65_534, 65_534) == 0)
          }
        }
        var owners: [LaunchedProcess] = []
        defer { for owner in owners { owner.signal(SIGKILL) } }
        for name in ["one", "other"] {
          let file = open(stage.said + "/" + name, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
          defer { close(file) }
          owners.append(
            try LaunchedProcess.spawn(
              order, program: .path(Self.subject), arguments: [Self.subject, "own", stage.folder, "0"], output: file))
        }
        #expect(try await stage.lease(of: "one") != stage.lease(of: "other"))
        #expect(try await stage.look() == "released 0\n")
        owners[0].signal(SIGKILL)
        #expect(await owners[0].end == .signalled(SIGKILL))
        #expect(try await stage.look() == "released 2\n")
        #expect(try await stage.look() == "released 0\n")
        owners[1].signal(SIGKILL)
        _ = await owners[1].end
        #expect(try await stage.look() == "released 2\n")
      }
    }

    private static let privilege: Comment = "needs root, and a kernel that lets it make namespaces"

    /// As under `ProtectProc=invisible`: the one who looks does not see the owners' processes.
    @Test(.enabled(privilege) { await mayUnshare() }) func aProcessThatProcHidesIsSeenAlive() async throws {
      try await Self.staged { stage in
        let (one, other) = (try stage.own(as: "one"), try stage.own(as: "other"))
        #expect(try await stage.lease(of: "one") != stage.lease(of: "other"))
        let script = """
          mount -t proc -o hidepid=2 proc /proc || exit 1
          exec setpriv --regid 65534 --clear-groups --bounding-set=-sys_ptrace sh -c '
            test -e "/proc/$$" && test ! -e "/proc/$1" || echo seen
            exec "$2" look "$3" 0' sh "$@"
          """
        func look() async throws -> String {
          try await stage.look(
            by: "/usr/bin/unshare", ["--mount", "sh", "-c", script, "sh", "\(other.id)", Self.subject, stage.folder])
        }
        #expect(try await look() == "released 0\n")
        one.signal(SIGKILL)
        _ = await one.end()
        #expect(try await look() == "released 2\n")
        #expect(try await look() == "released 0\n")
        other.signal(SIGKILL)
        _ = await other.end()
        #expect(try await look() == "released 2\n")
      }
    }

    /// As in two containers with one volume. Each owner is process 1 of its own.
    @Test(.enabled(privilege) { await mayUnshare() }) func ownersInTwoProcessNamespacesAreToldApart() async throws {
      try await Self.staged { stage in
        let apart = ["--pid", "--fork", "--kill-child", "--mount-proc"]
        func own(as name: String) throws -> ChildProcess {
          try ChildProcess(
            "/usr/bin/unshare", apart + [Self.subject, "own", stage.folder, "0"], output: .file(stage.said + "/" + name)
          )
        }
        func look() async throws -> String {
          try await stage.look(by: "/usr/bin/unshare", apart + [Self.subject, "look", stage.folder, "0"])
        }
        let (one, other) = (try own(as: "one"), try own(as: "other"))
        #expect(try await stage.lease(of: "one") != stage.lease(of: "other"))
        let files = try FileManager.default.contentsOfDirectory(atPath: stage.folder + "/queue/.owners")
        #expect(files.count == 2 && files.allSatisfy { $0.hasPrefix("1-") })
        #expect(try await look() == "released 0\n")
        // Its child follows.
        one.signal(SIGKILL)
        try await eventually("the first one's leases are free") { try await look() == "released 2\n" }
        #expect(try await look() == "released 0\n")
        other.signal(SIGKILL)
        try await eventually("the other one's leases are free") { try await look() == "released 2\n" }
      }
    }

    private static func mayUnshare() async -> Bool {
      guard geteuid() == 0 else { return false }
      let arguments = ["--mount", "--pid", "--fork", "--mount-proc", "true"]
      guard let process = try? ChildProcess("/usr/bin/unshare", arguments) else { return false }
      return await process.end() == 0
    }
  }
#endif
