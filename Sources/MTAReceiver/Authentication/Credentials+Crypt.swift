public import MTACore
import NIOConcurrencyHelpers

extension Credentials {
  /// Whether the password fits a crypt(3) hash of any method that the system's libcrypt knows (S13), such as
  /// `$5$salt$…`, `$6$…`, `$y$…` or `$2b$…`.
  ///
  /// The work, which is slow by design, is done on threads of its own, never on an event loop; the comparison takes the
  /// same time whatever differs. Without a hash (an unknown user) a password is hashed all the same, by the method of the
  /// latest true one, so that the answer comes no sooner. Credentials without a password match no hash, and no password matches a
  /// hash that is empty or begins with `*` or `!`.
  ///
  /// - Throws: ``CryptBusy`` when more verifications wait than can be done in good time, ``CryptFailure`` when libcrypt cannot do
  ///   this one; the client is told to try later, also by an `auth` hook that answers nil in place of the error.
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
