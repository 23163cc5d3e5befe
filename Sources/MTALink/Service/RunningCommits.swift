import MTACore
import NIOConcurrencyHelpers

/// The mails whose commits are under way, over all links. A mail that comes again waits for its own first commit.
final class RunningCommits: Sendable {
  private let running = NIOLockedValueBox<[MailID: [CheckedContinuation<Void, Never>]]>([:])

  /// Returns when no other commit has the id. Call ``end(_:)`` afterwards.
  func begin(_ id: MailID) async {
    while true {
      if running.withLockedValue({ running in
        if running[id] != nil { return false }
        running[id] = []
        return true
      }) {
        return
      }
      await withCheckedContinuation { continuation in
        let isFree = running.withLockedValue { running in
          running[id]?.append(continuation)
          return running[id] == nil
        }
        if isFree { continuation.resume() }
      }
    }
  }

  func end(_ id: MailID) {
    let waiting = running.withLockedValue { $0.removeValue(forKey: id) } ?? []
    for continuation in waiting { continuation.resume() }
  }
}
