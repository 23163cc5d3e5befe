#if canImport(Glibc)
  import Foundation
  import Glibc
  import MTATestSupport
  import NIOCore
  import SuiteTurns
  import Testing

  @testable import MTASystem

  /// What a child is given, and how it ends. What it may not do is in ChildRightsTests.
  @Suite(.takesTurns, .endsHangs) struct LaunchedProcessTests {
    typealias Run = LaunchSubjectRun

    @Test func theChildKnowsItsOrder() async throws {
      var order = Run.order(.queue)
      order.generation = 42
      order.blobs = ["file:/etc/mta/key.pem": ByteBuffer(string: "secret"), "other": ByteBuffer(string: "öffentlich")]
      let run = try await Run.ask(["role", "blob file:/etc/mta/key.pem", "blob other", "blob none"], order)
      #expect(run.answers == ["queue 42", "secret", "öffentlich", "none"])
      #expect(run.end == .exited(0))
    }

    @Test func theChildHasTheListedDescriptorsAlone() async throws {
      let folder = TemporaryFolder()
      let (log, link) = (try Run.file(folder.path + "/log"), try Run.file(folder.path + "/link"))
      // One that no exec closes, as a careless library leaves it.
      let stray = dup(log)
      defer { for descriptor in [log, link, stray] { close(descriptor) } }
      let run = try await Run.ask(
        ["descriptors", "descriptor log", "descriptor link", "closes log", "closes link"],
        descriptors: ["log": log, "link": link])
      // 3 had the order.
      #expect(run.answers == ["0 1 2 4 5", "done", "done", "\(FD_CLOEXEC)", "\(FD_CLOEXEC)"])
      #expect(Run.lines(folder.path + "/log") == ["through log"])
      #expect(Run.lines(folder.path + "/link") == ["through link"])
    }

    /// The numbers that the child gives them may be theirs here already.
    @Test func descriptorsMayHaveEachOthersNumbers() async throws {
      let folder = TemporaryFolder()
      var named: [String: Int32] = [:]
      for name in ["a", "b", "c", "d", "e", "f", "g", "h"] { named[name] = try Run.file(folder.path + "/" + name) }
      defer { for descriptor in named.values { close(descriptor) } }
      let run = try await Run.ask(named.keys.map { "descriptor \($0)" }, descriptors: named)
      #expect(run.answers == Array(repeating: "done", count: 8))
      for name in named.keys { #expect(Run.lines(folder.path + "/" + name) == ["through \(name)"]) }
    }

    @Test func theVariableIsGone() async throws {
      let run = try await Run.ask(["variable SWIFT_MTA_LAUNCH", "variable ADDED"], environment: ["ADDED": "so"])
      #expect(run.answers == ["none", "so"])
    }

    @Test func variablesForThisProcessAloneAreNotInherited() {
      let own = [
        "PATH=/bin", "NOTIFY_SOCKET=@x", "LISTEN_FDS=1", "LISTEN_PID=7", "WATCHDOG_USEC=5", "SWIFT_MTA_READY=3",
        "X=a=b",
        "LISTENER=x", "odd", "LANG=C",
      ]
      #expect(
        LaunchedProcess.inherited(own, ["LANG": "de", "A": "1"])
          == ["PATH=/bin", "X=a=b", "LISTENER=x", "odd", "A=1", "LANG=de"])
    }

    @Test func theChildBeginsWithTheDefaultSignalsInAGroupOfItsOwn() async throws {
      let run = try await Run.ask(["mask", "group"])
      #expect(run.answers == ["[] true", "own"])
    }

    @Test func theEndIsTold() async throws {
      #expect(try await Run.ask(["exit 7"]).end == .exited(7))
      let held = try await Run.Held()
      defer { withExtendedLifetime(held) {} }
      let child = held.child
      #expect(!child.hasEnded)
      child.signal(SIGKILL)
      #expect(await child.end == .signalled(SIGKILL))
      #expect(child.hasEnded)
      // Known for ever, and no signal goes to whoever has the number next.
      #expect(await child.end == .signalled(SIGKILL))
      child.signal(SIGKILL)
    }

    @Test func aProgramMayBeADescriptor() async throws {
      let program = open(Run.program, O_RDONLY | O_CLOEXEC)
      defer { close(program) }
      let folder = TemporaryFolder()
      let output = try Run.file(folder.path + "/output")
      defer { close(output) }
      let child = try LaunchedProcess.spawn(
        Run.order(), program: .descriptor(program), arguments: ["LaunchSubject", "descriptors", "role"], output: output)
      #expect(await child.end == .exited(0))
      #expect(Run.lines(folder.path + "/output") == ["descriptors: 0 1 2", "role: receiver 0"])
    }

    @Test func aProgramThatIsNotThereIsTold() {
      #expect(throws: LaunchFailure.system(operation: "start of /nowhere/program", code: ENOENT)) {
        try LaunchedProcess.spawn(Run.order(), program: .path("/nowhere/program"))
      }
    }

    // MARK: orders that no child takes

    /// Starts the subject with a descriptor 3 of the test's own.
    private static func start(
      _ descriptor: Int32?, variable: String = "3", under launcher: [String] = [], also: [String: String] = [:]
    ) async throws -> (status: Int32, said: String) {
      let folder = TemporaryFolder()
      let words = launcher + [Run.program, "role"]
      let child = try ChildProcess(
        words[0], Array(words.dropFirst()), output: .file(folder.path + "/said"),
        complaints: .file(folder.path + "/said"), passing: descriptor.map { [$0] } ?? [],
        environment: also.merging(["SWIFT_MTA_LAUNCH": variable]) { $1 })
      let status = await child.end()
      return (status, Run.lines(folder.path + "/said").joined(separator: "\n"))
    }

    /// An order in a memory file, or in the first part of it.
    private static func order(_ order: LaunchOrder = Run.order(), cut: Int = 0) throws -> Int32 {
      let bytes = try order.encoded()
      let part = try #require(bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes - cut))
      return try LaunchedProcess.memoryFile(part)
    }

    @Test func anUnreadableOrderEndsTheChild() async throws {
      let folder = TemporaryFolder()
      let cut = try Self.order(cut: 1)
      let empty = try LaunchedProcess.memoryFile(ByteBuffer())
      let long = try LaunchedProcess.memoryFile(ByteBuffer(repeating: 10, count: LaunchOrder.maximumBytes + 1))
      // Others may change it while it is read.
      let unsealed = try Run.file(folder.path + "/order")
      _ = try Run.order().encoded().withUnsafeReadableBytes { write(unsealed, $0.baseAddress, $0.count) }
      defer { for descriptor in [cut, empty, long, unsealed] { close(descriptor) } }
      #expect(try await Self.start(cut) == (71, "launch: the order cannot be read: it ends early"))
      #expect(try await Self.start(empty) == (71, "launch: the order is empty or too long"))
      #expect(try await Self.start(long) == (71, "launch: the order is empty or too long"))
      #expect(try await Self.start(unsealed) == (71, "launch: the order is not sealed"))
      #expect(try await Self.start(nil) == (71, "launch: cannot read the order: Bad file descriptor"))
      for variable in ["", "x", "3x", "-3", "2", "99999999999999999999"] {
        let (status, said) = try await Self.start(cut, variable: variable)
        #expect(status == 71 && said == "launch: SWIFT_MTA_LAUNCH is no number of a descriptor", "\(variable)")
      }
    }

    @Test func aListedDescriptorMustBeOpen() async throws {
      var order = Run.order()
      order.descriptors = ["link": 77]
      let file = try Self.order(order)
      defer { close(file) }
      #expect(
        try await Self.start(file) == (71, "launch: a descriptor of the order is not open: Bad file descriptor"))
    }

    /// A thread that runs already would keep the rights that the first one gives up.
    @Test func aThreadBeforeTheOrderEndsTheChild() async throws {
      let file = try Self.order()
      defer { close(file) }
      let (status, said) = try await Self.start(file, also: ["EARLY_THREAD": "1"])
      #expect(status == 71)
      #expect(said == "launch: a library started a thread before main, which would keep its rights")
    }

    @Test(.enabled(if: Run.isRoot, "only root starts as root")) func rootIsNotKept() async throws {
      var order = Run.order()
      order.owner = nil
      let run = try await Run.ask(["role"], order)
      #expect(run.end == .exited(71))
      #expect(run.complaints == "launch: root starts it, and the order names no user\n")
      #expect(run.answers.isEmpty)
    }

    @Test func onlyRootBecomesAnother() async throws {
      var order = Run.order()
      order.owner = Run.nobody
      let file = try Self.order(order)
      defer { close(file) }
      let launcher = Run.isRoot ? ["/usr/bin/setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"] : []
      #expect(
        try await Self.start(file, under: launcher)
          == (71, "launch: the order names a user, and only root can become another"))
    }
  }
#endif
