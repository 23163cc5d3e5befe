/// What ``eventually(_:within:_:)`` waited for and did not see.
public struct NeverHappened: Error, Hashable, CustomStringConvertible {
  /// In the words of the test.
  public let what: String
  public let limit: Duration

  public var description: String { "\(what): not within \(limit)" }
}

/// Waits for an event that nothing announces: looks every few milliseconds whether `condition` holds.
///
/// ```swift
/// try await eventually("both mails are at the next hop") { sink.mails.count == 2 }
/// ```
///
/// The limit is there to end a test that hangs, with words that say why. It measures nothing: a slow machine never reaches it.
///
/// - Parameters:
///   - what: the event, for whoever reads of its absence.
///   - limit: 20 minutes unless told.
/// - Throws: ``NeverHappened`` when the limit is reached, `CancellationError` when the test is cancelled, and what `condition` throws.
public func eventually(
  _ what: String, within limit: Duration = .seconds(1200), isolation: isolated (any Actor)? = #isolation,
  _ condition: () async throws -> Bool
) async throws {
  _ = try await eventually(what, within: limit) { try await condition() ? true : nil }
}

/// The same for something that is there at last: returns the first value that is not nil.
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
