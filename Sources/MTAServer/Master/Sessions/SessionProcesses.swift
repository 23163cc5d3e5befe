import Logging
import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processes of an acceptor: one for each connection. Each has a way to the queue process of its own, so what one of them says there
/// is not another's.
final class SessionProcesses: Sendable {
  private struct Session {
    let process: LaunchedProcess
    let control: MessageSocket
  }

  private struct State {
    /// By the number of the connection: the number of a process is another's soon.
    var sessions: [UInt64: Session] = [:]
    var isOver = false
    var whenEmpty: [CheckedContinuation<Void, Never>] = []
  }

  private let state = NIOLockedValueBox(State())
  private let line: MasterLine
  private let logger: Logger
  private let order: LaunchOrder
  private let log: Int32
  /// Ends with the master; nil if that is not known.
  private let life: Int32?
  /// The acceptor's page, in which its sessions count; nil where nobody asks.
  private let page: Int32?
  /// Starting a program takes a thread some milliseconds.
  private let threads: [OwnThread]

  /// - Parameter own: the acceptor's order. Sessions have its rights, but none to start programs.
  init(_ line: MasterLine, own: LaunchOrder, logger: Logger) {
    (self.line, self.logger) = (line, logger)
    var order = LaunchOrder(.receiver)
    (order.generation, order.blobs) = (own.generation, own.blobs)
    (order.readablePaths, order.writablePaths) = (own.readablePaths, own.writablePaths)
    self.order = order
    log = own.descriptors["log"] ?? STDERR_FILENO
    life = own.descriptors["life"]
    page = own.descriptors["metrics"]
    threads = (0..<2).map { _ in OwnThread() }
    for thread in threads { thread.start() }
  }

  var count: Int { state.withLockedValue { $0.sessions.count } }

  /// Starts the process of a connection, soon.
  func start(_ arrival: Arrival) {
    let thread = threads[Int(truncatingIfNeeded: arrival.number % UInt64(threads.count))]
    Task(executorPreference: thread) { self.startNow(arrival) }
  }

  private func startNow(_ arrival: Arrival) {
    do throws(LaunchFailure) {
      guard let (ours, theirs) = MessageSocket.pair(), let (link, far) = MessageSocket.streamPair() else {
        throw .system(operation: "socketpair", code: errno)
      }
      var descriptors = [
        "control": theirs.number, "link": link.number, "log": log,
        SessionSeat.name(of: arrival): arrival.socket.number,
      ]
      descriptors["life"] = life
      descriptors["metrics"] = page
      let process = try LaunchedProcess.spawn(
        order, arguments: ChildStarter.arguments(of: "session"), descriptors: descriptors)
      withExtendedLifetime((theirs, link, arrival)) {}
      let session = Session(process: process, control: MessageSocket(ours))
      let isOver = state.withLockedValue { state in
        state.sessions[arrival.number] = session
        return state.isOver
      }
      line.say(.link, passing: far.number)
      withExtendedLifetime(far) {}
      if isOver { session.control.send(MasterWord.stop.bytes) }
      // The connection is the process's alone now.
      let (number, leave) = (arrival.number, arrival.leave)
      process.onEnd { self.ended(process, number, leave, $0) }
    } catch {
      logger.critical("the process of a connection cannot be started", metadata: ["reason": "\(error)"])
      arrival.leave()
    }
  }

  private func ended(
    _ process: LaunchedProcess, _ connection: UInt64, _ leave: @Sendable () -> Void, _ end: ChildEnd
  ) {
    leave()
    if end != .exited(0) {
      logger.critical(
        "the process of a connection ended by itself",
        metadata: ["process": "\(process.id)", "connection": "\(connection)", "end": "\(end)"])
    }
    let waiting = state.withLockedValue { state in
      state.sessions[connection] = nil
      guard state.sessions.isEmpty else { return [CheckedContinuation<Void, Never>]() }
      defer { state.whenEmpty = [] }
      return state.whenEmpty
    }
    for continuation in waiting { continuation.resume() }
  }

  /// There is another queue process. Each session gets a way to it.
  func connect() {
    for session in sessions {
      guard let (link, far) = MessageSocket.streamPair() else { continue }
      line.say(.link, passing: far.number)
      session.control.send(MasterWord.link.bytes, passing: link.number)
      withExtendedLifetime((link, far)) {}
    }
  }

  /// Asks all, and those that are about to start, to end within the grace of a stop.
  func stop() {
    state.withLockedValue { $0.isOver = true }
    for session in sessions { session.control.send(MasterWord.stop.bytes) }
  }

  func kill() { for session in sessions { session.process.signal(SIGKILL) } }

  /// Returns when there are none.
  func emptied() async {
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLockedValue { state in
        if !state.sessions.isEmpty { state.whenEmpty.append(continuation) }
        return state.sessions.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
  }

  private var sessions: [Session] { state.withLockedValue { Array($0.sessions.values) } }
}
