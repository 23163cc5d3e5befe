import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The name of one step that touches the disk, such as `spill.write`: where a test can make it fail or end the process.
public struct FaultPoint: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let description: String

  public init(_ name: String) { description = name }
  public init(stringLiteral name: String) { description = name }
}

/// What a test lets go wrong on the way to the disk. Production has none: every step then costs a nil check.
///
/// ```swift
/// let faults = FaultPlan()
/// faults.inject(.fails(ENOSPC), call: 3)                  // the third step from now on, whichever it is
/// faults.inject(.crashes, at: "store.commit")             // the process is killed before the next commit
/// ```
public final class FaultPlan: Sendable {
  public enum Fault: Hashable, Sendable {
    /// The step is not made; it reports this `errno`.
    case fails(Int32)
    /// The same for steps that touch a file of their own; those of the database are passed over.
    case failsOnFile(Int32)
    /// The step is not made; it reports this result code of SQLite. Only steps of the database count; those that touch a
    /// file of their own are passed over.
    case refuses(Int32)
    /// The process ends before the step, as by `kill -9`: nothing is flushed, nobody is told.
    case crashes
  }

  private struct Rule {
    let fault: Fault
    let point: FaultPoint?
    /// Matching calls still to let pass.
    var passes: Int
    /// Matching calls to spoil after those.
    var times: Int
  }

  private struct State {
    var rules: [Rule] = []
    var calls: [FaultPoint] = []
    var spoilt: [FaultPoint] = []
  }

  private let state = NIOLockedValueBox(State())

  public init() {}

  /// - Parameters:
  ///   - point: the step meant; nil: any step.
  ///   - call: which matching call from now on goes wrong, the next one being 1.
  ///   - times: how many in a row.
  public func inject(_ fault: Fault, at point: FaultPoint? = nil, call: Int = 1, times: Int = 1) {
    state.withLockedValue { $0.rules.append(Rule(fault: fault, point: point, passes: max(call - 1, 0), times: times)) }
  }

  /// Lets everything succeed again.
  public func clear() { state.withLockedValue { $0.rules = [] } }

  /// The steps made or spoilt so far, in order.
  public var calls: [FaultPoint] { state.withLockedValue { $0.calls } }

  /// Those that were spoilt.
  public var spoilt: [FaultPoint] { state.withLockedValue { $0.spoilt } }

  /// How many steps were spoilt so far.
  public var injected: Int { spoilt.count }

  /// Asked before each step on a file: nil to go on, or the `errno` to report instead.
  public func fault(at point: FaultPoint) -> Int32? {
    switch take(point, ofDatabase: false) {
    case .fails(let code)?, .failsOnFile(let code)?: code
    case .refuses?, .crashes?, nil: nil
    }
  }

  /// Asked before each step of a database: nil to go on, or what to report instead.
  public func databaseFault(at point: FaultPoint) -> Fault? { take(point, ofDatabase: true) }

  private func take(_ point: FaultPoint, ofDatabase: Bool) -> Fault? {
    let fault: Fault? = state.withLockedValue { state in
      state.calls.append(point)
      for index in state.rules.indices where state.rules[index].times > 0 {
        let rule = state.rules[index]
        guard rule.point == nil || rule.point == point else { continue }
        if case .refuses = rule.fault, !ofDatabase { continue }
        if case .failsOnFile = rule.fault, ofDatabase { continue }
        if rule.passes > 0 {
          state.rules[index].passes -= 1
        } else {
          state.rules[index].times -= 1
          state.spoilt.append(point)
          return rule.fault
        }
      }
      return nil
    }
    if fault == .crashes { endProcess() }
    return fault
  }

  private func endProcess() -> Never {
    kill(getpid(), SIGKILL)
    _exit(137)
  }
}
