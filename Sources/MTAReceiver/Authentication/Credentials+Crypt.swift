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
    let fits = try await CryptThreads.shared.verify(password, cryptHash)
    return fits && cryptHash != nil
  }
}

/// Too many passwords are waiting to be verified.
public struct CryptBusy: Error, Hashable, Sendable {}

/// The threads that crypt(3) runs on, with a bounded queue.
private final class CryptThreads: Sendable {
  static let shared = CryptThreads(threads: 2, bound: 256)
  private let pool: NIOThreadPool
  private let bound: Int
  private let waiting = NIOLockedValueBox(0)
  /// What is computed for users without a hash: the last real hash, whose method and cost are those of this server; before the
  /// first, one of the method that new hashes mostly have.
  private let decoy = NIOLockedValueBox("$6$rounds=5000$W1zR8nTq5uXk0sJd$")

  init(threads: Int, bound: Int) {
    pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
    self.bound = bound
  }

  func verify(_ password: String, _ known: String?) async throws -> Bool {
    let admitted = waiting.withLockedValue { waiting in
      guard waiting < bound else { return false }
      waiting += 1
      return true
    }
    guard admitted else { throw CryptBusy() }
    defer { waiting.withLockedValue { $0 -= 1 } }
    let hash = known ?? decoy.withLockedValue { $0 }
    let fits = try await pool.runIfActive { Self.crypt(password, matches: hash) }
    if known != nil, fits != nil { decoy.withLockedValue { $0 = hash } }
    return fits ?? false
  }

  /// Nil for a hash that libcrypt cannot use.
  private static func crypt(_ password: String, matches hash: String) -> Bool? {
    guard !password.utf8.contains(0), !hash.utf8.contains(0) else { return nil }
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
