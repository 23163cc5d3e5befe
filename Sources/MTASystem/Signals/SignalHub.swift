import CMTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// SIGTERM, SIGINT, SIGHUP and SIGUSR2 of this process, for all who heed them, in the order in which they came.
///
/// A handler writes them into a pipe, and a thread of the hub reads it: it needs neither event loop nor the threads of Swift's tasks. The
/// pipe may be the next program's of this process: a signal that came before `execve` and was not read is read there.
package final class SignalHub: Sendable {
  package static let shared = SignalHub()

  package typealias Body = @Sendable (Int32) -> Void

  private struct State {
    var bodies: [Int: Body] = [:]
    var lastNumber = 0
    var isReading = false
    var isHeld = false
    /// The thread has taken a signal, and tells of it.
    var isTelling = false
    var hasThread = false
  }

  private let state = Monitor(State())
  /// Nil only if the system gave no pipe; then signals end the process as those of others.
  private let pipe: (read: OwnedDescriptor, write: OwnedDescriptor)?

  private init() {
    let own = LaunchOrder.own?.descriptors
    if let read = own?["signals:read"], let write = own?["signals"] {
      pipe = (OwnedDescriptor(read), OwnedDescriptor(write))
      return
    }
    var ends: [Int32] = [-1, -1]
    guard Self.makePipe(&ends) == 0 else {
      pipe = nil
      return
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
    }
    pipe = (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
  }

  private static func makePipe(_ ends: inout [Int32]) -> Int32 {
    #if canImport(Glibc)
      Glibc.pipe(&ends)
    #else
      Darwin.pipe(&ends)
    #endif
  }

  /// For the next program of this process. Nil while nobody heeds signals here: nobody would there.
  package var descriptors: (read: Int32, write: Int32)? {
    if state.withLock({ $0.bodies.isEmpty }) { return nil }
    return pipe.map { ($0.read.number, $0.write.number) }
  }

  /// Calls `body` for each signal, on the hub's thread, until ``unsubscribe(_:)``. While nobody heeds them, signals do what they do in
  /// every program: they end it.
  package func subscribe(_ body: @escaping Body) -> Int {
    guard let pipe else { return 0 }
    let (number, isFirst, needsThread) = state.withLock { state in
      state.lastNumber += 1
      state.bodies[state.lastNumber] = body
      defer { state.hasThread = true }
      return (state.lastNumber, state.bodies.count == 1, !state.hasThread)
    }
    if isFirst { _ = csystem_catch_signals(pipe.write.number) }
    if needsThread { startThread { self.read(pipe.read.number) } }
    return number
  }

  package func unsubscribe(_ number: Int) {
    let isLast = state.withLock { state in state.bodies.removeValue(forKey: number) != nil && state.bodies.isEmpty }
    if isLast { _ = csystem_release_signals() }
  }

  /// Leaves signals in the pipe from now on. Those that were read before have been told when this returns.
  package func hold() {
    _ = state.wait(
      until: { _ in nil },
      take: { state -> Void? in
        state.isHeld = true
        return state.isTelling ? nil : ()
      })
  }

  package func release() {
    state.withLock { $0.isHeld = false }
    state.wakeAll()
  }

  private func read(_ descriptor: Int32) {
    while true {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, -1) < 0, errno != EINTR { return }
      if waiting.revents == 0 { continue }
      // Never while it is held.
      let taken: (signal: Int32, bodies: [Body])? =
        state.wait(
          until: { _ in nil },
          take: { state -> (signal: Int32, bodies: [Body])?? in
            if state.isHeld { return nil }
            var byte: UInt8 = 0
            guard systemRead(descriptor, &byte, 1) == 1 else { return .some(nil) }
            state.isTelling = true
            return (Int32(byte), state.bodies.sorted { $0.key < $1.key }.map(\.value))
          }) ?? nil
      guard let taken else { continue }
      for body in taken.bodies { body(taken.signal) }
      state.withLock { $0.isTelling = false }
      state.wakeAll()
    }
  }
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, bytes, count)
}
