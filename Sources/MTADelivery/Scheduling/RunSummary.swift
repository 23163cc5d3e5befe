/// The numbers of parcels by outcome.
public struct RunSummary: Hashable, Sendable {
  public var delivered = 0
  public var deferred = 0
  public var failed = 0
  /// Held.
  public var held = 0

  public init(delivered: Int = 0, deferred: Int = 0, failed: Int = 0, held: Int = 0) {
    self.delivered = delivered
    self.deferred = deferred
    self.failed = failed
    self.held = held
  }
}

extension RunSummary: CustomStringConvertible {
  public var description: String { "\(delivered) delivered, \(deferred) deferred, \(failed) failed, \(held) held" }
}
