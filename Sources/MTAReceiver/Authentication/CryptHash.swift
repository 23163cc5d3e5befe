import CCrypt

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Asks libcrypt whether a password fits a hash. There are three results: it fits, it does not, or it cannot be found out. The last is
/// never taken for the second.
enum CryptHash {
  /// - Throws: ``CryptFailure`` if it cannot be found out.
  static func matches(_ password: String, _ hash: String) throws(CryptFailure) -> Bool {
    // As in shadow(5): an account that nobody logs in to.
    if hash.utf8.isEmpty || hash.utf8.first == UInt8(ascii: "*") || hash.utf8.first == UInt8(ascii: "!") {
      return false
    }
    guard !hash.utf8.contains(0) else { throw .unusableHash }
    guard !password.utf8.contains(0) else { return false }
    // 32 KiB: too large for a thread's stack.
    guard let data = calloc(1, MemoryLayout<crypt_data>.size)?.assumingMemoryBound(to: crypt_data.self) else {
      throw .system(ENOMEM)
    }
    defer { free(data) }
    errno = 0
    // libcrypt answers nil, or a string that begins with "*", for a setting that it cannot use, and where it lacks memory.
    guard let result = crypt_r(password, hash, data), result.pointee != CChar(UInt8(ascii: "*")) else {
      switch errno {
      // Longer than any password that a hash was ever made of.
      case ERANGE where password.utf8.count >= 512: return false
      case 0, EINVAL, ERANGE, ENOSYS: throw .unusableHash
      case let code: throw .system(code)
      }
    }
    let made = UnsafeBufferPointer(start: result, count: strlen(result)).map { UInt8(bitPattern: $0) }
    let kept = Array(hash.utf8)
    // Text that some method takes for a salt is no hash for that: what it makes has always the same length.
    guard made.count == kept.count else { throw .unusableHash }
    return zip(made, kept).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

/// A password could not be compared with a hash. Whether it is right is unknown, so the client is told to try later.
public enum CryptFailure: Error, Hashable, Sendable {
  /// The system's libcrypt cannot use the hash: it does not know the method, or the text is not a hash.
  case unusableHash
  /// A system error, such as ENOMEM: methods like yescrypt need much memory.
  case system(Int32)
}
