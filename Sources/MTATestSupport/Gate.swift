import MTASystem

/// Blocks threads until it is opened: for code that is to stand being blocked.
package final class Gate: Sendable {
  private let isOpen = Monitor(false)

  package init() {}

  /// Blocks the calling thread until ``open()`` is called; after that, not at all.
  package func wait() { _ = isOpen.wait(until: { _ in nil }, take: { $0 ? true : nil }) }

  package func open() {
    isOpen.withLock { $0 = true }
    isOpen.wakeAll()
  }
}
