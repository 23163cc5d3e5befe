public import MTACore
import MTACrypto
import NIOConcurrencyHelpers

extension SCRAMKeys {
  /// The keys of a password (RFC 5802 §3). An adopter stores them in place of the password.
  ///
  /// Takes some milliseconds by design, on the caller's thread. Call it when a password is set, not in a hook.
  ///
  /// - Parameters:
  ///   - password: prepared by SASLprep (RFC 4013): ASCII, and letters of most scripts that are written from left to right. Combining
  ///     marks are refused, see ``UnsuitablePassword``.
  ///   - salt: random if nil. 1 to 128 octets.
  ///   - iterations: rounds of PBKDF2, 1 to 10,000,000. Use the same for all users, or a stranger can tell them apart.
  /// - Throws: ``UnsuitablePassword``.
  public init(
    password: String, salt: [UInt8]? = nil, iterations: Int = SCRAMKeys.defaultIterations
  ) throws(UnsuitablePassword) {
    guard let prepared = SASLprep.prepare(password) else { throw .characters }
    let salt = salt ?? Secrets.random(Self.defaultSaltBytes)
    guard (1...10_000_000).contains(iterations) else { throw .parameters }
    let salted = HMACSHA256.passwordKey(Array(prepared.utf8), salt: salt, rounds: iterations)
    let clientKey = HMACSHA256.code(for: Array("Client Key".utf8), key: salted)
    let serverKey = HMACSHA256.code(for: Array("Server Key".utf8), key: salted)
    let keys = SCRAMKeys(
      salt: salt, iterations: iterations, storedKey: SHA256.digest(of: clientKey), serverKey: serverKey)
    guard let keys else { throw .parameters }
    self = keys
  }
}

/// SCRAM keys cannot be made.
public enum UnsuitablePassword: Error, Hashable, Sendable {
  /// The password is empty, or has a character that SASLprep prohibits or that this implementation cannot prepare: control characters,
  /// combining marks, letters that Unicode normalization replaces, scripts from right to left.
  case characters
  /// The salt or the iterations are out of range.
  case parameters
}

extension Credentials {
  /// Whether these keys were made of the password. So PLAIN and LOGIN work with the keys of SCRAM, and no second hash is stored. The
  /// work runs on threads of its own, like `match(cryptHash:)`. Without keys (an unknown user) it is done all the same.
  ///
  /// - Throws: ``CryptBusy``.
  public func match(scramKeys keys: SCRAMKeys?) async throws -> Bool {
    guard case .password(let password) = proof else { return false }
    let threads = CryptThreads.shared
    let iterations = threads.decoyIterations.withLockedValue { decoy in
      if let keys { decoy = keys.iterations }
      return decoy
    }
    let salt = keys?.salt ?? [0]
    let made = try await threads.run(for: self) {
      try? SCRAMKeys(password: password, salt: salt, iterations: iterations)
    }
    guard let keys, let made else { return false }
    return Secrets.areEqual(made.storedKey, keys.storedKey) && Secrets.areEqual(made.serverKey, keys.serverKey)
  }
}
