import MTACore
import NIOConcurrencyHelpers
import NIOPosix

/// The threads for slow digests. Clients from known networks of an account have threads of their own. So they do not wait behind
/// strangers, of which there may be any number.
final class CryptThreads: Sendable {
  static let shared = CryptThreads()

  /// Some threads, and the work that waits for them, limited in number and in time.
  struct Lane: Sendable {
    private let pool: NIOThreadPool
    private let bound: Int
    private let patience: Duration
    private let waiting = NIOLockedValueBox(0)

    init(threads: Int, bound: Int, patience: Duration) {
      pool = NIOThreadPool(numberOfThreads: threads)
      pool.start()
      self.bound = bound
      self.patience = patience
    }

    /// Pieces of work that run or wait.
    var underWay: Int { waiting.withLockedValue { $0 } }

    /// - Throws: ``CryptBusy`` if too much waits, or if it waited too long.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws -> Result {
      let admitted = waiting.withLockedValue { waiting in
        guard waiting < bound else { return false }
        waiting += 1
        return true
      }
      guard admitted else { throw CryptBusy() }
      defer { waiting.withLockedValue { $0 -= 1 } }
      let latest = ContinuousClock.now + patience
      return try await pool.runIfActive {
        guard ContinuousClock.now <= latest else { throw CryptBusy() }
        return work()
      }
    }
  }

  private let known: Lane
  private let strangers: Lane
  /// The hash that is used for users without one: at first a fixed one, then the latest true one.
  let decoy = NIOLockedValueBox("$6$rounds=5000$W1zR8nTq5uXk0sJd$")
  /// The iterations for users without SCRAM keys, in the same way.
  let decoyIterations = NIOLockedValueBox(SCRAMKeys.defaultIterations)

  init(
    known: Lane = Lane(threads: 2, bound: 256, patience: .seconds(2)),
    strangers: Lane = Lane(threads: 2, bound: 256, patience: .seconds(10))
  ) {
    self.known = known
    self.strangers = strangers
  }

  /// Does the work of verifying these credentials.
  ///
  /// - Throws: ``CryptBusy``.
  func run<Result: Sendable>(
    for credentials: Credentials, _ work: @escaping @Sendable () -> Result
  ) async throws -> Result {
    do {
      return try await (credentials.check?.isFromKnownNetwork == true ? known : strangers).run(work)
    } catch {
      credentials.check?.noteFailure()
      throw error
    }
  }
}

/// Too many passwords are waiting to be verified.
public struct CryptBusy: Error, Hashable, Sendable {
  public init() {}
}
