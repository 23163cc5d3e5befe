import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The name of one step that touches the disk, such as `spill.write`. A test can make the step fail, or end the process there.
public struct FaultPoint: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let description: String

  public init(_ name: String) { description = name }
  public init(stringLiteral name: String) { description = name }
}

/// The faults that a test injects on the way to the disk. In production there is none, and every step costs a nil check.
///
/// ```swift
/// let faults = FaultPlan()
/// faults.inject(.fails(ENOSPC), call: 3)                  // the third step from now on, whichever it is
/// faults.inject(.crashes, at: "store.commit")             // the process is killed before the next commit
/// ```
public final class FaultPlan: Sendable {
  public enum Fault: Hashable, Sendable {
    /// The step is left out and reports this `errno`.
    case fails(Int32)
    /// The same, for steps on files only; database steps are skipped.
    case failsOnFile(Int32)
    /// The step is left out and reports this result code of SQLite. For database steps only; steps on files are skipped.
    case refuses(Int32)
    /// The process ends before the step, as by `kill -9`: nothing is flushed or told.
    case crashes
  }

  private struct Rule {
    let fault: Fault
    let point: FaultPoint?
    /// Matching calls that still succeed.
    var passes: Int
    /// Matching calls that fail after those.
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
  ///   - point: the step; nil: any step.
  ///   - call: which matching call fails; the next one is 1.
  ///   - times: how many calls fail in a row.
  public func inject(_ fault: Fault, at point: FaultPoint? = nil, call: Int = 1, times: Int = 1) {
    state.withLockedValue { $0.rules.append(Rule(fault: fault, point: point, passes: max(call - 1, 0), times: times)) }
  }

  /// Removes all faults.
  public func clear() { state.withLockedValue { $0.rules = [] } }

  /// The steps so far, done or failed, in order.
  public var calls: [FaultPoint] { state.withLockedValue { $0.calls } }

  /// The steps that a fault made fail.
  public var spoilt: [FaultPoint] { state.withLockedValue { $0.spoilt } }

  /// How many steps a fault made fail so far.
  public var injected: Int { spoilt.count }

  /// Called before each step on a file. Nil to go on, or the `errno` to report instead.
  public func fault(at point: FaultPoint) -> Int32? {
    switch take(point, ofDatabase: false) {
    case .fails(let code)?, .failsOnFile(let code)?: code
    case .refuses?, .crashes?, nil: nil
    }
  }

  /// Called before each step of a database. Nil to go on, or the fault to report instead.
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
