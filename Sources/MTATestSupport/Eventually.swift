/// The event that ``eventually(_:within:_:)`` waited for did not happen.
public struct NeverHappened: Error, Hashable, CustomStringConvertible {
  /// The event, in the words of the test.
  public let what: String
  public let limit: Duration

  public var description: String { "\(what): not within \(limit)" }
}

/// Waits for a condition that sends no signal: checks every few milliseconds whether `condition` holds.
///
/// ```swift
/// try await eventually("both mails are at the next hop") { sink.mails.count == 2 }
/// ```
///
/// The limit only ends a test that hangs, with words that say why. It measures nothing, and even a slow machine does not reach it.
///
/// - Parameters:
///   - what: the event, for the message of a failure.
///   - limit: default 20 minutes.
/// - Throws: ``NeverHappened`` at the limit, `CancellationError` when the test is cancelled, and the errors of `condition`.
public func eventually(
  _ what: String, within limit: Duration = .seconds(1200), isolation: isolated (any Actor)? = #isolation,
  _ condition: () async throws -> Bool
) async throws {
  _ = try await eventually(what, within: limit) { try await condition() ? true : nil }
}

/// The same for a value: returns the first that is not nil.
///
/// ```swift
/// let mail = try await eventually("a mail is at the next hop") { sink.mails.first }
/// ```
public func eventually<Value>(
  _ what: String, within limit: Duration = .seconds(1200), isolation: isolated (any Actor)? = #isolation,
  _ value: () async throws -> Value?
) async throws -> Value {
  let clock = ContinuousClock()
  let end = clock.now + limit
  while true {
    if let found = try await value() { return found }
    guard clock.now < end else { throw NeverHappened(what: what, limit: limit) }
    try await Task.sleep(for: .milliseconds(2))
  }
}
