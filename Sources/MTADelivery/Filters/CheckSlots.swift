import NIOConcurrencyHelpers
import NIOCore

/// A number of checks at a time. Others wait for their turn, in order, for a limited time.
final class CheckSlots: Sendable {
  private struct State {
    var free: Int
    var waiting: [(number: UInt64, turn: EventLoopPromise<Bool>)] = []
    var count: UInt64 = 0
  }

  private let state: NIOLockedValueBox<State>

  init(_ count: Int) { state = NIOLockedValueBox(State(free: max(count, 1))) }

  /// Takes a slot. False if there was none in time, or the task was cancelled: then there is nothing to release.
  func take(within limit: Duration, on loop: any EventLoop) async -> Bool {
    let waiter = state.withLockedValue { state -> (number: UInt64, turn: EventLoopPromise<Bool>)? in
      if state.free > 0 {
        state.free -= 1
        return nil
      }
      state.count &+= 1
      let waiter = (number: state.count, turn: loop.makePromise(of: Bool.self))
      state.waiting.append(waiter)
      return waiter
    }
    guard let waiter else { return true }
    let number = waiter.number
    let timer = loop.scheduleTask(in: TimeAmount(limit)) { self.giveUp(number) }
    defer { timer.cancel() }
    return await withTaskCancellationHandler {
      (try? await waiter.turn.futureResult.get()) ?? false
    } onCancel: {
      giveUp(number)
    }
  }

  /// Releases a slot, for the oldest waiter.
  func release() {
    let next = state.withLockedValue { state -> EventLoopPromise<Bool>? in
      if state.waiting.isEmpty {
        state.free += 1
        return nil
      }
      return state.waiting.removeFirst().turn
    }
    next?.succeed(true)
  }

  /// The method that takes a waiter off the list resumes it, so each is resumed once.
  private func giveUp(_ number: UInt64) {
    let turn = state.withLockedValue { state -> EventLoopPromise<Bool>? in
      guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
      return state.waiting.remove(at: index).turn
    }
    turn?.succeed(false)
  }
}
