import Synchronization
public import Testing

/// For suites that keep a processor, the disk or very many sockets busy: one of them runs at a time, beside the light ones.
///
/// ```swift
/// @Suite(.takesTurns, .endsHangs) struct CrashPointTests { … }
/// ```
///
/// All suites of a package start at once. Heavy ones that share two processors take many times as long as alone, and whatever waits
/// for an answer within some seconds does not get it.
public struct TurnTrait: SuiteTrait, TestScoping {
  public var isRecursive: Bool { false }

  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    await Turnstile.shared.enter()
    defer { Turnstile.shared.leave() }
    try await function()
  }
}

extension Trait where Self == TurnTrait {
  /// One of the suites with this trait runs at a time.
  public static var takesTurns: Self { TurnTrait() }
}

extension Trait where Self == TimeLimitTrait {
  /// Ends a test that hangs for good. It measures nothing: a machine thirty times slower than a quick one must not reach it.
  public static var endsHangs: Self { .timeLimit(.minutes(60)) }
}

/// Lets one in at a time, in the order of coming.
private final class Turnstile: Sendable {
  static let shared = Turnstile()

  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isTaken {
          state.waiting.append(continuation)
          return false
        }
        state.isTaken = true
        return true
      }
      if isFree { continuation.resume() }
    }
  }

  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      if state.waiting.isEmpty {
        state.isTaken = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
