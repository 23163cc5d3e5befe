/// Holding an answer back without holding the loop up.
extension ConnectionPump {
  /// Until the time is over, the client has left, or the server goes down. Half a goodbye brings no answer forward: a
  /// client that closes its half meanwhile gets none.
  func hold(until time: Duration) async {
    guard time > loop.now, !gone, !leaving else { return }
    if inputEnded { return abort() }
    await withCheckedContinuation { pause = (time, $0) }
  }

  func endPause() {
    endQueueing()
    pause.take()?.end.resume()
  }

  /// Something is being worked on, or waited for, other than the client and the time.
  package var isBusy: Bool { busy && pause == nil && queuedLogin == nil }

  /// How long the answer that is held back will still be; nil when none is.
  package var holdsFor: Duration? { pause.map { $0.until - loop.now } }
}
