import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTALink

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A receiver that says whatever a test wants, in a service's ear.
final class RawLink: Sendable {
  private struct State {
    var answers: [(number: UInt64, message: LinkMessage)] = []
    var isOver = false
  }

  private let socket: LinkSocket
  private let number: Int32
  private let state = Monitor(State())

  /// - Parameter hello: whether it says one.
  init(to service: LinkService, hello: Bool = true) throws {
    let (ours, theirs) = try LinkStage.pair()
    number = ours
    socket = LinkSocket(ours, limits: LinkLimits.ofQueue)
    service.serve(theirs)
    socket.start(
      receive: { [state] (frames) throws(LinkFault) in
        for frame in frames {
          let message = try LinkMessage(frame)
          state.withLock { $0.answers.append((frame.number, message)) }
        }
      },
      ended: { [state] _ in
        state.withLock { $0.isOver = true }
        state.wakeAll()
      })
    if hello { say(.hello(version: LinkVersion.current)) }
  }

  deinit { socket.close() }

  func say(_ message: LinkMessage, _ number: UInt64 = 0) { socket.send(message.frame(number)) }
  func say(raw bytes: ByteBuffer, passing passed: OwnedDescriptor? = nil) { socket.send(bytes, passing: passed) }
  func close() { socket.close() }

  var isOver: Bool { state.withLock { $0.isOver } }
  var answerCount: Int { state.withLock { $0.answers.count } }
  /// The answer to a number, if it has come.
  func answer(to number: UInt64) -> LinkMessage? {
    state.withLock { state in state.answers.first { $0.number == number }?.message }
  }

  /// Says no more, and waits on the calling thread until the service has ended the link.
  func finish() {
    _ = shutdown(number, CInt(SHUT_WR))
    _ = state.wait(until: { _ in nil }, take: { $0.isOver ? true : nil })
  }
}

/// A store that keeps nothing but what it was given, and may hold commits back.
struct KeepingStore: MessageStore {
  final class Kept: Sendable {
    struct State {
      var envelopes: [Envelope] = []
      var begun = 0
      var isHolding = false
      var waiting: [CheckedContinuation<Void, Never>] = []
    }
    let state = NIOLockedValueBox(State())

    func hold() async {
      await withCheckedContinuation { continuation in
        let passes = state.withLockedValue { state in
          state.begun += 1
          if state.isHolding { state.waiting.append(continuation) }
          return !state.isHolding
        }
        if passes { continuation.resume() }
      }
    }

    func release() {
      let waiting = state.withLockedValue { state in
        state.isHolding = false
        defer { state.waiting = [] }
        return state.waiting
      }
      for continuation in waiting { continuation.resume() }
    }
  }

  let kept = Kept()

  func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool { Spool(kept: kept, id: id) }

  private struct Spool: MessageSpool {
    let kept: Kept
    let id: MailID

    func append(_ piece: ByteBuffer) async throws(StoreFailure) {}
    func abandon() async {}
    func commit(_ envelope: Envelope, trace: ByteBuffer) async throws(StoreFailure) -> StoreReceipt {
      await kept.hold()
      kept.state.withLockedValue { $0.envelopes.append(envelope) }
      return StoreReceipt(durablyStored: id)
    }
  }
}
