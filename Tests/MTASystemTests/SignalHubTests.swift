import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Signals in order, on a thread of their own. SIGUSR2 is no other test's.
@Suite(.serialized) struct SignalHubTests {
  @Test func aSignalIsToldToAllWhoHeedIt() async throws {
    let one = NIOLockedValueBox<[Int32]>([])
    let other = NIOLockedValueBox<[Int32]>([])
    let first = SignalHub.shared.subscribe { signal in one.withLockedValue { $0.append(signal) } }
    let second = SignalHub.shared.subscribe { signal in other.withLockedValue { $0.append(signal) } }
    kill(getpid(), SIGUSR2)
    try await eventually("both are told") {
      one.withLockedValue { $0 } == [SIGUSR2] && other.withLockedValue { $0 } == [SIGUSR2]
    }
    SignalHub.shared.unsubscribe(second)
    kill(getpid(), SIGUSR2)
    try await eventually("one is told again") { one.withLockedValue { $0 } == [SIGUSR2, SIGUSR2] }
    #expect(other.withLockedValue { $0 } == [SIGUSR2])
    SignalHub.shared.unsubscribe(first)
  }

  @Test func whatComesWhileItIsHeldIsToldLater() async throws {
    let told = NIOLockedValueBox<[Int32]>([])
    let number = SignalHub.shared.subscribe { signal in told.withLockedValue { $0.append(signal) } }
    SignalHub.shared.hold()
    kill(getpid(), SIGUSR2)
    #expect(told.withLockedValue { $0 }.isEmpty)
    SignalHub.shared.release()
    try await eventually("it is told") { told.withLockedValue { $0 } == [SIGUSR2] }
    SignalHub.shared.unsubscribe(number)
  }
}
