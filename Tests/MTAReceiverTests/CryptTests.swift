import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

@testable import MTAReceiver

/// Verification by crypt(3): three answers, and threads that strangers do not fill.
@Suite struct CryptTests {
  private static let hash = "$5$BsHk6IIvndgdBmo9$iuO6WMaXzgzpGmGreV4uiH72VRGG1USNK/e5tL7P9jC"

  @Test func whatCannotBeComparedIsNotWrong() async throws {
    let credentials = Credentials(username: "u", password: "my-password")
    #expect(try await credentials.match(cryptHash: Self.hash))
    for hash in ["$nonsense$", "plain", "$9$abc$def", "$5$a\0b"] {
      await #expect(throws: CryptFailure.unusableHash, "\(hash)") { try await credentials.match(cryptHash: hash) }
    }
  }

  @Test func whatFitsNothingIsWrong() async throws {
    let credentials = Credentials(username: "u", password: "my-password")
    for hash in [nil, "", "*", "!", "!\(Self.hash)", "*LK*"] {
      #expect(try await !credentials.match(cryptHash: hash), "\(hash ?? "nil")")
    }
    for password in ["my-passwore", "my-password\0", String(repeating: "x", count: 1024)] {
      #expect(try await !Credentials(username: "u", password: password).match(cryptHash: Self.hash))
      #expect(try await !Credentials(username: "u", password: password).match(cryptHash: nil))
    }
  }

  @Test func theEngineIsToldOfWhatFailed() async throws {
    let failures = NIOLockedValueBox(0)
    var credentials = Credentials(username: "u", password: "my-password")
    credentials.check = CredentialCheck(isFromKnownNetwork: true) { failures.withLockedValue { $0 += 1 } }
    _ = try? await credentials.match(cryptHash: "$nonsense$")
    #expect(failures.withLockedValue { $0 } == 1)
    #expect(try await credentials.match(cryptHash: Self.hash))
    #expect(try await !credentials.match(cryptHash: nil))
    #expect(failures.withLockedValue { $0 } == 1)
  }

  /// A lane with one thread, which is held up.
  private func crowded(
    _ body: (CryptThreads.Lane, _ release: @escaping @Sendable () -> Void) async throws -> Void
  ) async throws {
    let lane = CryptThreads.Lane(threads: 1, bound: 2, patience: .seconds(100_000))
    let gate = ConditionLock(value: 0)
    let holder = Task {
      try await lane.run {
        gate.lock(whenValue: 1)
        gate.unlock()
      }
    }
    try await eventually("the thread is taken") { lane.underWay == 1 }
    try await body(lane) {
      gate.lock()
      gate.unlock(withValue: 1)
    }
    try await holder.value
  }

  @Test func aLaneIsBoundedInNumber() async throws {
    try await crowded { lane, release in
      let second = Task { try await lane.run { 2 } }
      try await eventually("the second one waits") { lane.underWay == 2 }
      await #expect(throws: CryptBusy.self) { try await lane.run { 3 } }
      release()
      let two = try await second.value
      #expect(two == 2)
    }
  }

  @Test func strangersFillNoThreadsOfKnownNetworks() async throws {
    try await crowded { crowd, release in
      let threads = CryptThreads(known: .init(threads: 1, bound: 1, patience: .seconds(100_000)), strangers: crowd)
      let waiting = Task { try await threads.run(for: Credentials(username: "u", password: "p")) { 1 } }
      try await eventually("a stranger waits") { crowd.underWay == 2 }
      await #expect(throws: CryptBusy.self) {
        try await threads.run(for: Credentials(username: "u", password: "p")) { 1 }
      }
      var known = Credentials(username: "u", password: "p")
      known.check = CredentialCheck(isFromKnownNetwork: true) {}
      let seven = try await threads.run(for: known) { 7 }
      release()
      let one = try await waiting.value
      #expect(seven == 7 && one == 1)
    }
  }
}
