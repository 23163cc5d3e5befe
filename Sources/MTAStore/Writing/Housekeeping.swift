import MTACore
import MTASystem

/// When the writer thread does work that no caller waits for. A value without I/O.
///
/// Checkpoints stay out of the way of commits. They run when nothing came for a while, or when the write-ahead log has grown so much
/// that its pages must be moved before the next group.
struct Housekeeping {
  enum Task: Hashable {
    case checkpoint
    case history
  }

  /// Pages in the log (of 8 KiB, in older stores 4 KiB) that call for a checkpoint: once the store is idle, or at once.
  static let idlePages = 1000
  static let busyPages = 4096
  /// A log this large is cut: readers have kept it from starting over.
  static let largePages = 65_536

  /// Milliseconds.
  static let shortIdle: Int64 = 100
  static let longIdle: Int64 = 30_000
  static let historyInterval: Int64 = 600_000

  private var pagesInLog = 0
  private var pagesMoved = 0
  private var lastCommit: MonotonicInstant
  private var nextHistory: MonotonicInstant

  init(now: MonotonicInstant, historyDelay: Duration) {
    lastCommit = now
    nextHistory = now.after(milliseconds: historyDelay.wholeMilliseconds)
  }

  var logIsLarge: Bool { pagesInLog > Self.largePages }

  private var pagesToMove: Int { pagesInLog - pagesMoved }

  /// Called after a group. Returns a checkpoint that cannot wait.
  mutating func committed(pagesInLog pages: Int, at now: MonotonicInstant) -> Task? {
    if pages < pagesInLog { pagesMoved = 0 }
    pagesInLog = pages
    lastCommit = now
    return pagesToMove >= Self.busyPages ? .checkpoint : nil
  }

  mutating func checkpointed() { pagesMoved = pagesInLog }

  private var nextCheckpoint: MonotonicInstant? {
    guard pagesToMove > 0 else { return nil }
    return lastCommit.after(milliseconds: pagesToMove >= Self.idlePages ? Self.shortIdle : Self.longIdle)
  }

  /// When to look again if nothing comes.
  var nextIdle: MonotonicInstant { nextCheckpoint.map { min($0, nextHistory) } ?? nextHistory }

  mutating func takeIdleTask(at now: MonotonicInstant) -> Task? {
    if let instant = nextCheckpoint, instant <= now { return .checkpoint }
    return nextHistory <= now ? .history : nil
  }

  mutating func historyRemoved(more: Bool, at now: MonotonicInstant) {
    nextHistory = now.after(milliseconds: more ? Self.shortIdle : Self.historyInterval)
  }
}
