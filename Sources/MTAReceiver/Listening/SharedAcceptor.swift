import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Accepts from a socket that other processes accept from, too, on a thread of its own. Another process may be faster, and then there is
/// nothing to accept; NIO's own listener takes that for a fault.
package final class SharedAcceptor: Sendable {
  /// While the process has no descriptors or memory, in milliseconds.
  private static let pause: Int32 = 100

  private let socket: Int32
  /// The thread waits for this end, too. Closing the other one stops it.
  private let wake: OwnedDescriptor
  private let stopper: Monitor<OwnedDescriptor?>
  private let life = Monitor(Life())
  private let body: @Sendable (Int32) -> Void

  private struct Life {
    var hasEnded = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  /// - Parameters:
  ///   - socket: it listens, and is this object's from now on.
  ///   - body: called on the thread with each connected socket, which is the body's.
  /// - Returns: nil, with the reason in `errno`, if the system gives no pipe.
  package init?(_ socket: Int32, _ body: @escaping @Sendable (Int32) -> Void) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    wake = OwnedDescriptor(ends[0])
    stopper = Monitor(OwnedDescriptor(ends[1]))
    (self.socket, self.body) = (socket, body)
    _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
  }

  package func start() { startThread { self.serve() } }

  /// Returns when the last call of the body has: nothing is accepted from then on. What was accepted stays. It must have been started.
  package func stop() async {
    stopper.withLock { $0 = nil }
    await withCheckedContinuation { continuation in
      let hasEnded = life.withLock { life in
        if !life.hasEnded { life.waiting.append(continuation) }
        return life.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
  }

  var isWaitedFor: Bool { life.withLock { !$0.waiting.isEmpty } }

  private func end() {
    close(socket)
    let waiting = life.withLock { life in
      life.hasEnded = true
      return life.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  private func serve() {
    defer { end() }
    guard let ready = SharedWait(for: socket, or: wake.number) else { return }
    while let descriptor = ready.next(), descriptor != wake.number {
      take()
      ready.letOthers()
    }
  }

  /// One at a time: the others may have the next.
  private func take() {
    let client = accept(socket, nil, nil)
    guard client >= 0 else {
      if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) {
        var stopped = pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0)
        _ = poll(&stopped, 1, Self.pause)
      }
      return
    }
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    var isOn: Int32 = 1
    setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    body(client)
  }
}
