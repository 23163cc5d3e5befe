import NIOCore

/// Wakes a connection at the earlier of two deadlines. Lives on the connection's event loop.
///
/// Deadlines move with each reply, and are nearly never met. So a timer that was set stays: when it fires too soon, it is set anew.
/// Only a deadline before it needs another at once.
final class LinkAlarm {
  /// Of what is waited for now.
  var stepDeadline: NIODeadline?
  /// Ends a mail whose steps are each in time, and all together are not.
  var mailDeadline: NIODeadline?
  private var timer: Scheduled<Void>?
  /// When the timer fires.
  private var next: NIODeadline?

  /// To be called when a deadline was moved.
  func set(on loop: any EventLoop, _ body: @escaping () -> Void) {
    guard let deadline = earliest else { return }
    if let next, next <= deadline { return }
    timer?.cancel()
    next = deadline
    timer = loop.assumeIsolated().scheduleTask(deadline: deadline) { self.fired(on: loop, body) }
  }

  func end() {
    timer?.cancel()
    (timer, next, stepDeadline, mailDeadline) = (nil, nil, nil, nil)
  }

  private var earliest: NIODeadline? {
    if let stepDeadline, let mailDeadline { min(stepDeadline, mailDeadline) } else { stepDeadline ?? mailDeadline }
  }

  private func fired(on loop: any EventLoop, _ body: @escaping () -> Void) {
    (timer, next) = (nil, nil)
    guard let deadline = earliest else { return }
    if deadline <= .now() { body() } else { set(on: loop, body) }
  }
}
