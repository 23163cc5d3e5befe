import CCrypt
public import MTACore
import NIOConcurrencyHelpers
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Credentials {
  /// Whether the password fits a crypt(3) hash of any method that the system's libcrypt knows (S13), such as
  /// `$5$salt$…`, `$6$…`, `$y$…` or `$2b$…`.
  ///
  /// The work, which is slow by design, is done on threads of its own, never on an event loop; the comparison takes the
  /// same time whatever differs. Without a hash (an unknown user) a password is hashed all the same, by the method of the
  /// latest true one, so that the answer comes no sooner. Credentials without a password match no hash.
  ///
  /// - Throws: ``CryptBusy`` when more verifications wait than can be done in good time; the client is told to try later.
  public func match(cryptHash: String?) async throws -> Bool {
    guard case .password(let password) = proof else { return false }
    let threads = CryptThreads.shared
    let hash = cryptHash ?? threads.decoy.withLockedValue { $0 }
    guard let fits = try await threads.run({ CryptThreads.crypt(password, matches: hash) }) else { return false }
    guard cryptHash != nil else { return false }
    threads.decoy.withLockedValue { $0 = hash }
    return fits
  }
}

/// Too many passwords are waiting to be verified.
public struct CryptBusy: Error, Hashable, Sendable {}

/// The threads that slow digests run on, with a bounded queue.
final class CryptThreads: Sendable {
  static let shared = CryptThreads(threads: 2, bound: 256)

  private let pool: NIOThreadPool
  private let bound: Int
  private let waiting = NIOLockedValueBox(0)
  /// The hash that stands in where there is none: at first of nothing in particular, then the latest that was any good.
  let decoy = NIOLockedValueBox("$6$rounds=5000$W1zR8nTq5uXk0sJd$")

  /// Likewise, for SCRAM keys.
  let decoyIterations = NIOLockedValueBox(SCRAMKeys.defaultIterations)

  init(threads: Int, bound: Int) {
    pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
    self.bound = bound
  }

  /// - Throws: ``CryptBusy``.
  func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws -> Result {
    let admitted = waiting.withLockedValue { waiting in
      guard waiting < bound else { return false }
      waiting += 1
      return true
    }
    guard admitted else { throw CryptBusy() }
    defer { waiting.withLockedValue { $0 -= 1 } }
    return try await pool.runIfActive { work() }
  }

  /// Nil for a hash that libcrypt cannot use.
  static func crypt(_ password: String, matches hash: String) -> Bool? {
    guard !hash.utf8.contains(0) else { return nil }
    guard !password.utf8.contains(0) else { return false }
    // 32 KiB: too large for a thread's stack.
    guard let data = calloc(1, MemoryLayout<crypt_data>.size)?.assumingMemoryBound(to: crypt_data.self) else {
      return nil
    }
    defer { free(data) }
    // libcrypt answers nil, or a string that begins with "*", for a setting that it cannot use.
    guard let result = crypt_r(password, hash, data), result.pointee != CChar(UInt8(ascii: "*")) else { return nil }
    let made = UnsafeBufferPointer(start: result, count: strlen(result)).map { UInt8(bitPattern: $0) }
    let kept = Array(hash.utf8)
    guard made.count == kept.count else { return false }
    return zip(made, kept).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
