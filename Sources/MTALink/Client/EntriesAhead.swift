import MTACore
import MTASystem

/// Connections that a receiver may let in without asking first, because the desk said so with an answer: so a client with many connections, one
/// after the other, does not wait for the queue process with each.
struct EntriesAhead {
  private struct Allowance {
    var count: Int
    var end: MonotonicInstant
  }

  private var allowances: [IPAddress: Allowance] = [:]

  /// In milliseconds, from the question on. A lockout waits no longer than this.
  static let time: Int64 = 100
  private static let capacity = 256

  mutating func allow(_ address: IPAddress, _ count: Int, since begin: MonotonicInstant) {
    if allowances.count >= Self.capacity, allowances[address] == nil { allowances.removeAll(keepingCapacity: true) }
    allowances[address] = Allowance(count: count, end: begin.after(milliseconds: Self.time))
  }

  /// Takes one; false if there is none.
  mutating func take(_ address: IPAddress, at now: MonotonicInstant = .now) -> Bool {
    guard let found = allowances[address] else { return false }
    guard found.count > 0, now < found.end else {
      allowances[address] = nil
      return false
    }
    allowances[address]?.count -= 1
    return true
  }

  mutating func forget(_ address: IPAddress) { allowances[address] = nil }
}
