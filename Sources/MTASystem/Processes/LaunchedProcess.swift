import NIOConcurrencyHelpers

#if canImport(Glibc)
  import CMTASystem
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A child that runs this program, or another, with the rights of an order.
///
/// It begins with an empty signal mask and the default signals, in a process group of its own, with `/dev/null` as standard input. Of our
/// descriptors it has the listed ones and no others.
///
/// A thread waits for its end, so the process number is the child's own until ``end`` is known.
package final class LaunchedProcess: Sendable {
  package enum Program: Hashable, Sendable {
    /// The program that runs now, even if its file was replaced or removed.
    case running
    case path(String)
    /// An open program file; stays the caller's.
    case descriptor(Int32)
  }

  package enum End: Hashable, Sendable, CustomStringConvertible {
    /// It ended itself. 71: it could not give its rights up, and said why on standard error.
    case exited(Int32)
    case signalled(Int32)

    package var description: String {
      switch self {
      case .exited(let code): "exit code \(code)"
      case .signalled(let number): "signal \(number)"
      }
    }
  }

  package let id: Int32
  private struct State {
    var end: End?
    var waiting: [@Sendable (End) -> Void] = []
  }
  private let state = NIOLockedValueBox(State())

  init(_ id: Int32) { self.id = id }

  /// Starts a child. It blocks until the program is loaded, some milliseconds.
  ///
  /// - Parameters:
  ///   - order: its ``LaunchOrder/descriptors`` are set here.
  ///   - program: by default the running one.
  ///   - arguments: with the program's name first. By default those of this process.
  ///   - environment: variables beside ours, in place of those of the same name. The child gets no variable that is meant for this
  ///     process alone: `SWIFT_MTA_…`, `LISTEN_…`, `WATCHDOG_…`, `NOTIFY_SOCKET`.
  ///   - output: its standard output; stays the caller's.
  ///   - complaints: its standard error; likewise.
  ///   - descriptors: what it gets, by name; ``LaunchOrder/own`` has their numbers. They stay the caller's.
  /// - Returns: a child that may still fail to take its order: then it ends with exit code 71.
  package static func spawn(
    _ order: LaunchOrder, program: Program = .running, arguments: [String] = CommandLine.arguments,
    environment: [String: String] = [:], output: Int32 = STDOUT_FILENO, complaints: Int32 = STDERR_FILENO,
    descriptors: [String: Int32] = [:]
  ) throws(LaunchFailure) -> LaunchedProcess {
    #if canImport(Glibc)
      let named = descriptors.sorted { $0.key < $1.key }
      var order = order
      // 3 is the order's own.
      order.descriptors = Dictionary(
        uniqueKeysWithValues: named.enumerated().map { ($0.element.key, 4 + Int32($0.offset)) })
      let file = try memoryFile(order.encoded())
      defer { close(file) }
      var passed = [file] + named.map(\.value)
      let path: String
      switch program {
      case .running: path = "/proc/self/exe"
      case .path(let file): path = file
      case .descriptor(let descriptor):
        // It must be open until the program is loaded. The child closes it, for its order does not list it.
        path = "/proc/self/fd/\(3 + passed.count)"
        passed.append(descriptor)
      }
      let variables = inherited(ownVariables(), environment) + ["\(variable)=3"]
      let id = try start(path, arguments, variables, streams: [output, complaints], passed: passed)
      let child = LaunchedProcess(id)
      let code = DetachedThread.start { child.waitForEnd() }
      guard code == 0 else {
        kill(id, SIGKILL)
        _ = child.reap()
        throw .system(operation: "pthread_create", code: code)
      }
      return child
    #else
      throw .notOnThisSystem
    #endif
  }

  /// Its end, once it has ended. A cancelled task waits on.
  package var end: End {
    get async { await withCheckedContinuation { continuation in onEnd { continuation.resume(returning: $0) } } }
  }

  /// Calls once it has ended, on a thread of the child's own; at once and here if it ended before.
  package func onEnd(_ body: @escaping @Sendable (End) -> Void) {
    let end = state.withLockedValue { state -> End? in
      if state.end == nil { state.waiting.append(body) }
      return state.end
    }
    if let end { body(end) }
  }

  package var hasEnded: Bool { state.withLockedValue { $0.end != nil } }

  /// Sends a signal, unless it has ended. From then on another process may have its number.
  package func signal(_ number: Int32) { state.withLockedValue { if $0.end == nil { kill(id, number) } } }
}

#if canImport(Glibc)
  extension LaunchedProcess {
    /// Runs on its thread.
    func waitForEnd() {
      var ended = siginfo_t()
      // The number stays the child's until it is reaped, which is done where no signal is sent.
      while waitid(P_PID, id_t(id), &ended, WEXITED | WNOWAIT) < 0, errno == EINTR {}
      let (end, waiting) = state.withLockedValue { state in
        defer { state.waiting = [] }
        let end = reap()
        state.end = end
        return (end, state.waiting)
      }
      for body in waiting { body(end) }
    }

    private func reap() -> End {
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0 {
        // Another part of the program took the status (SIGCHLD ignored, waitpid(-1)): it has ended, and how is not known.
        if errno != EINTR { return .exited(-1) }
      }
      return status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signalled(status & 0x7f)
    }
  }
#endif
