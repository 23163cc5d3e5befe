#if canImport(Glibc)
  import Foundation
  import Glibc
  import MTASystem
  import MTATestSupport
  import NIOCore
  import SuiteTurns
  import Testing

  /// What a child may not do, asked of a running one and of the kernel.
  @Suite(.takesTurns, .endsHangs) struct ChildRightsTests {
    typealias Run = LaunchSubjectRun

    static let hasLandlock = Landlock.supported > 0

    /// A folder that everybody may enter, with a file of a mode.
    private static func folder(_ name: String, mode: mode_t) throws -> TemporaryFolder {
      let folder = TemporaryFolder()
      chmod(folder.path, 0o755)
      close(try Run.file(folder.path + "/" + name))
      chmod(folder.path + "/" + name, mode)
      return folder
    }

    @Test func everyThreadHasTheRightsOfTheOrder() async throws {
      let held = try await Run.Held()
      defer { withExtendedLifetime(held) {} }
      let child = held.child
      let threads = try DurableFiles().names(in: "/proc/\(child.id)/task", at: "test")
      #expect(threads.count >= 4)
      let (user, group) = Run.isRoot ? (Run.nobody.user, Run.nobody.group) : (geteuid(), getegid())
      for thread in threads {
        let facts = Self.status("/proc/\(child.id)/task/\(thread)/status")
        #expect(facts["Uid"] == Array(repeating: "\(user)", count: 4))
        #expect(facts["Gid"] == Array(repeating: "\(group)", count: 4))
        if Run.isRoot { #expect(facts["Groups"] == []) }
        #expect(facts["NoNewPrivs"] == ["1"])
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(facts[set] == ["0000000000000000"], "\(set)") }
      }
      // The kernel gives the files of a process that must not be dumped to root (proc(5)).
      var record = stat()
      #expect(stat("/proc/\(child.id)/environ", &record) == 0 && record.st_uid == 0)
    }

    /// Lines as `Uid:	0	0	0	0`.
    private static func status(_ path: String) -> [String: [String]] {
      var facts: [String: [String]] = [:]
      for line in Run.lines(path) {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2 { facts[String(parts[0])] = parts[1].split { $0 == "\t" || $0 == " " }.map(String.init) }
      }
      return facts
    }

    @Test func limitsAreThoseOfTheOrder() async throws {
      #expect(try await Run.ask(["limits"]).answers == ["256/256 0/0"])
    }

    /// Root in a container often may not raise its own limit.
    @Test func aLimitBeyondTheStartersIsTheStarters() async throws {
      var own = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &own)
      var order = Run.order()
      order.maximumDescriptors = 1 << 20
      let run = try await Run.ask(["limits"], order)
      let limit = run.answers.first?.split(separator: "/").first.flatMap { UInt64($0) } ?? 0
      #expect(run.end == .exited(0))
      #expect(limit == 1 << 20 || limit == own.rlim_max)
    }

    @Test(.enabled(if: Run.isRoot, "only root has something to lose")) func rootDoesNotComeBack() async throws {
      let run = try await Run.ask(["ids", "regain", "ids"])
      #expect(run.answers == ["65534 65534 65534 65534 0", "EPERM EPERM EPERM", "65534 65534 65534 65534 0"])
    }

    @Test(.enabled(if: Run.isRoot, "root's files are root's own to read")) func rootsFilesAreOutOfReach() async throws {
      let folder = try Self.folder("secret", mode: 0o600)
      var order = Run.order()
      order.readablePaths.append(folder.path)
      order.writablePaths.append(folder.path)
      let run = try await Run.ask(["read \(folder.path)/secret", "write \(folder.path)/new", "list /root"], order)
      #expect(run.answers == ["EACCES", "EACCES", "EACCES"])
    }

    /// The order with its keys is in no place that other processes of the same user can read.
    @Test func theEnvironmentTellsNoMoreThanANumber() async throws {
      var order = Run.order()
      order.blobs = ["key": .init(string: "very secret")]
      let held = try await Run.Held(order)
      defer { withExtendedLifetime(held) {} }
      let child = held.child
      guard let seen = FileManager.default.contents(atPath: "/proc/\(child.id)/environ"), !seen.isEmpty else {
        // Whoever is not root cannot even read it.
        #expect(!Run.isRoot)
        return
      }
      let variables = String(decoding: seen, as: UTF8.self).split(separator: "\0")
      #expect(variables.filter { $0.hasPrefix("SWIFT_MTA") } == ["SWIFT_MTA_LAUNCH=3"])
      #expect(!String(decoding: seen, as: UTF8.self).contains("secret"))
    }

    // MARK: Landlock

    private static let noLandlock: Comment = "this kernel has no Landlock"

    @Test(.enabled(if: hasLandlock, noLandlock)) func filesElsewhereAreOutOfReach() async throws {
      let (readable, writable) = (try Self.folder("file", mode: 0o666), try Self.folder("file", mode: 0o666))
      let other = try Self.folder("file", mode: 0o666)
      chmod(writable.path, 0o777)
      chmod(other.path, 0o777)
      var order = Run.order()
      order.readablePaths += [readable.path, "/nowhere/at/all"]
      order.writablePaths.append(writable.path)
      let run = try await Run.ask(
        [
          "landlock", "read \(readable.path)/file", "write \(readable.path)/file", "read \(writable.path)/file",
          "write \(writable.path)/new", "read \(other.path)/file", "write \(other.path)/new", "list \(other.path)",
          "list /", "read /etc/passwd", "start /bin/true",
        ], order)
      #expect(run.answers.first == "\(Landlock.supported)")
      #expect(
        run.answers.dropFirst() == [
          "done", "EACCES", "done", "done", "EACCES", "EACCES", "EACCES", "EACCES", "EACCES", "EACCES",
        ])
      #expect(Landlock.applied == 0)
    }

    @Test(.enabled(if: hasLandlock, noLandlock)) func programsMayBeAllowed() async throws {
      var order = Run.order()
      order.executablePaths = ["/usr/bin/true", "/lib", "/lib64", "/usr/lib"]
      #expect(try await Run.ask(["start /bin/true", "start /bin/false"], order).answers == ["ended 0", "EACCES"])
    }

    /// An acceptor without root starts a process for each connection. The rules of both bind the new one.
    @Test func aChildMayStartTheProgramAgain() async throws {
      let folder = try Self.folder("file", mode: 0o666)
      var order = Run.order()
      order.executablePaths = try await Run.ask(["program"]).answers
      #expect(order.executablePaths.contains { $0.hasSuffix("/LaunchSubject") })
      let run = try await Run.ask(["relaunch read \(folder.path)/file"], order)
      #expect(run.answers == ["receiver 0", Self.hasLandlock ? "EACCES" : "done", "exit code 0"])
    }

    @Test(.enabled(if: Landlock.supported >= 6, "this kernel's Landlock keeps no signals"))
    func signalsToOthersAreForbidden() async throws {
      // Of the same user: without Landlock the kernel lets it.
      let held = try await Run.Held()
      defer { withExtendedLifetime(held) {} }
      #expect(try await Run.ask(["signal \(held.child.id)", "signal 0"]).answers == ["EPERM", "done"])
    }

    /// What every program does: names of hosts, zones, its own facts.
    @Test func theCommonPathsAreThere() async throws {
      let run = try await Run.ask([
        "read /etc/hosts", "read /proc/self/status", "read /dev/urandom", "write /dev/null", "list /usr/lib",
      ])
      #expect(run.answers == ["done", "done", "done", "done", "done"])
    }
  }
#endif
