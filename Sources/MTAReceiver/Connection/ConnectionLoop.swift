/// Where a connection lives: the executor that its hooks run on, and its coarse clock.
package protocol ConnectionLoop: TaskExecutor {
  /// Time since some fixed instant, moved at each tick.
  var now: Duration { get }
  func add(_ pump: ConnectionPump)
  func remove(_ pump: ConnectionPump)
}
