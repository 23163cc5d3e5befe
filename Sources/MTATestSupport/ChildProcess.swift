import MTASystem
import NIOConcurrencyHelpers
import NIOPosix

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Darwin)
  package import Darwin
#endif

/// A program that a test runs. It ends with the process of the tests, if not before (``ChildGuard``).
///
/// Not Foundation's `Process`: with more than some 1,300 descriptors open, as in a suite of many sockets, its `run()` reads past the end
/// of the list of them (`readdir` entries are copied at their full size) and may crash.
package final class ChildProcess: Sendable {
  /// One of the three standard streams.
  package enum Stream: Sendable {
    case null
    case file(String)
    /// Stays the caller's.
    case descriptor(Int32)
  }

  package struct Failure: Error, Hashable, CustomStringConvertible {
    let path: String
    let code: Int32
    package var description: String { "cannot start \(path): \(FileFailure.text(of: code))" }
  }

  package let id: pid_t
  private struct State {
    var status: Int32?
    var waiting: [CheckedContinuation<Int32, Never>] = []
  }
  private let state: NIOLockedValueBox<State>

  /// Starts it. Output files are made if missing, and written at their end.
  ///
  /// - Parameters:
  ///   - passing: descriptors that it gets under the numbers 3, 4 and so on. They stay the caller's.
  ///   - environment: variables beside our own.
  package init(
    _ path: String, _ arguments: [String], input: Stream = .null, output: Stream = .null, complaints: Stream = .null,
    passing: [Int32] = [], environment: [String: String] = [:]
  ) throws {
    let guardian = ChildGuard.shared
    id = try Self.spawn(path, arguments, [input, output, complaints], passing: passing, environment: environment)
    guardian.started(id)
    state = NIOLockedValueBox(State())
    let (id, state) = (id, state)
    // A thread of its own: waiting blocks it.
    let thread = NIOThreadPool(numberOfThreads: 1)
    thread.start()
    thread.submit { _ in
      var ended = siginfo_t()
      while waitid(P_PID, id_t(id), &ended, WEXITED | WNOWAIT) < 0, errno == EINTR {}
      // Until here the number is the child's own; nobody may send a signal to it after it was given back.
      let (end, waiting) = state.withLockedValue { state in
        defer { state.waiting = [] }
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        guardian.ended(id)
        // As a shell's user knows it: the exit status, or the signal.
        let end = status & 0x7f == 0 ? (status >> 8) & 0xff : status & 0x7f
        state.status = end
        return (end, state.waiting)
      }
      for continuation in waiting { continuation.resume(returning: end) }
      thread.shutdownGracefully { _ in }
    }
  }

  package var isRunning: Bool { state.withLockedValue { $0.status == nil } }

  /// Sends a signal, unless it has ended.
  package func signal(_ number: Int32) { state.withLockedValue { if $0.status == nil { kill(id, number) } } }

  /// Waits for its end: the exit status, or the number of the signal that ended it.
  package func end() async -> Int32 {
    await withCheckedContinuation { continuation in
      let status = state.withLockedValue { state in
        if state.status == nil { state.waiting.append(continuation) }
        return state.status
      }
      if let status { continuation.resume(returning: status) }
    }
  }

  static func spawn(
    _ path: String, _ arguments: [String], _ streams: [Stream], passing: [Int32] = [],
    environment: [String: String] = [:]
  ) throws -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
      let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_CLOEXEC_DEFAULT
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
      let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    for (number, stream) in streams.enumerated() {
      let number = Int32(number)
      let mode = number == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND
      switch stream {
      case .null: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
      case .file(let file): posix_spawn_file_actions_addopen(&actions, number, file, mode, 0o600)
      case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      }
    }
    // By way of numbers above those that they get.
    let copies = passing.map { fcntl($0, F_DUPFD_CLOEXEC, 200) }
    defer { for copy in copies { close(copy) } }
    for (place, copy) in copies.enumerated() { posix_spawn_file_actions_adddup2(&actions, copy, 3 + Int32(place)) }
    #if !canImport(Darwin)
      // What is open now, and some that may be opened meanwhile; to close what is not open is no fault.
      let open = try DurableFiles().names(in: "/proc/self/fd", at: "test").compactMap { Int32($0) }
      let first = 3 + Int32(copies.count)
      for descriptor in first...(max(first, open.max() ?? first) + 32) {
        posix_spawn_file_actions_addclose(&actions, descriptor)
      }
    #endif
    // Signals that this process's libraries block or ignore are the child's own again.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    // What comes first counts.
    var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    let own = variables.count - 1
    defer { for variable in variables.prefix(own) { free(variable) } }
    var place = environ
    while let variable = place.pointee {
      variables.insert(variable, at: variables.count - 1)
      place += 1
    }
    var id: pid_t = 0
    let code = posix_spawn(&id, path, &actions, &attributes, &words, &variables)
    guard code == 0 else { throw Failure(path: path, code: code) }
    return id
  }
}
