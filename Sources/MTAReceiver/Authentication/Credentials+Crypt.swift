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
  /// same time whatever differs. Without a hash (an unknown user) a password is hashed all the same, so that the answer
  /// comes no sooner.
  ///
  /// - Throws: ``CryptBusy`` when more verifications wait than can be done in good time; the client is told to try later.
  public func match(cryptHash: String?) async throws -> Bool {
    let hash = cryptHash ?? CryptThreads.decoy
    let fits = try await CryptThreads.shared.verify(password, hash)
    return fits && cryptHash != nil
  }
}

/// Too many passwords are waiting to be verified.
public struct CryptBusy: Error, Hashable, Sendable {}

/// The threads that crypt(3) runs on, with a bounded queue.
private final class CryptThreads: Sendable {
  static let shared = CryptThreads(threads: 2, bound: 256)
  /// A hash of nothing in particular, of the method that new hashes mostly have.
  static let decoy = "$6$rounds=5000$W1zR8nTq5uXk0sJd$"

  private let pool: NIOThreadPool
  private let bound: Int
  private let waiting = NIOLockedValueBox(0)

  init(threads: Int, bound: Int) {
    pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
    self.bound = bound
  }

  func verify(_ password: String, _ hash: String) async throws -> Bool {
    let admitted = waiting.withLockedValue { waiting in
      guard waiting < bound else { return false }
      waiting += 1
      return true
    }
    guard admitted else { throw CryptBusy() }
    defer { waiting.withLockedValue { $0 -= 1 } }
    return try await pool.runIfActive { Self.crypt(password, matches: hash) }
  }

  private static func crypt(_ password: String, matches hash: String) -> Bool {
    guard !password.utf8.contains(0), !hash.utf8.contains(0) else { return false }
    // 32 KiB: too large for a thread's stack.
    guard let data = calloc(1, MemoryLayout<crypt_data>.size)?.assumingMemoryBound(to: crypt_data.self) else {
      return false
    }
    defer { free(data) }
    // libcrypt answers nil, or a string that begins with "*", for a setting that it cannot use.
    guard let result = crypt_r(password, hash, data), result.pointee != CChar(UInt8(ascii: "*")) else { return false }
    let made = UnsafeBufferPointer(start: result, count: strlen(result)).map { UInt8(bitPattern: $0) }
    let kept = Array(hash.utf8)
    guard made.count == kept.count else { return false }
    return zip(made, kept).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
