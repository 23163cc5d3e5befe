/// The owner of leases: one run of a queue runner.
public struct LeaseOwner: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  /// Owners of one place see whether the others live. Leases of another place end at their deadline. Letters, digits and hyphens.
  public var place: String
  /// The number of the process, for people. Another process may have the same one: in another container, or later.
  public var process: Int32
  /// A random number, which makes the owner unique.
  public var mark: UInt64
  /// Counts the runs within the process, for people.
  public var runner: UInt32

  public init(place: String, process: Int32, mark: UInt64, runner: UInt32 = 0) {
    self.place = place
    self.process = process
    self.mark = mark
    self.runner = runner
  }

  /// `queue/4711/9834251870125/1`.
  public var description: String { "\(place)/\(process)/\(mark)/\(runner)" }

  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
    guard parts.count == 4, let process = Int32(parts[1]), let mark = UInt64(parts[2]), let runner = UInt32(parts[3])
    else {
      return nil
    }
    self.init(place: String(parts[0]), process: process, mark: mark, runner: runner)
  }
}
