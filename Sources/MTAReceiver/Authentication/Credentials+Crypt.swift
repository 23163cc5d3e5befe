public import MTACore
import NIOConcurrencyHelpers

extension Credentials {
  /// Whether the password fits a crypt(3) hash (S13). All methods of the system's libcrypt work: `$5$salt$…`, `$6$…`, `$y$…`, `$2b$…`
  /// and others.
  ///
  /// The work is slow by design, and runs on threads of its own, not on an event loop. The comparison always takes the same time.
  /// Without a hash (an unknown user) a password is hashed all the same, by the method of the latest true hash, so the time of the
  /// answer does not tell who exists. Credentials without a password match no hash. An empty hash, or one that begins with `*` or `!`,
  /// matches no password.
  ///
  /// - Throws: ``CryptBusy`` when too many verifications wait, ``CryptFailure`` when libcrypt cannot do this one. The client is then
  ///   told to try later, even if an `auth` hook answers nil in place of the error.
  public func match(cryptHash: String?) async throws -> Bool {
    guard case .password(let password) = proof else { return false }
    let threads = CryptThreads.shared
    let hash = cryptHash ?? threads.decoy.withLockedValue { $0 }
    let result = try await threads.run(for: self) {
      Result { () throws(CryptFailure) in try CryptHash.matches(password, hash) }
    }
    guard cryptHash != nil else { return false }
    do {
      let fits = try result.get()
      if hash.utf8.first == UInt8(ascii: "$") { threads.decoy.withLockedValue { $0 = hash } }
      return fits
    } catch {
      check?.noteFailure()
      throw error
    }
  }
}
