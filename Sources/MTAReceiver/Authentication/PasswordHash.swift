import CCrypt
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes hashes of crypt(3) for new passwords.
package enum PasswordHash {
  /// A method of the system's libcrypt, with the cost that new hashes have.
  package enum Scheme: String, CaseIterable, Sendable {
    /// The system's own choice (crypt(5)): it needs much memory, so guessing is dear.
    case yescrypt
    case scrypt
    case bcrypt
    case sha512
    case sha256

    /// What the salt begins with.
    var prefix: String {
      switch self {
      case .yescrypt: "$y$"
      case .scrypt: "$7$"
      case .bcrypt: "$2b$"
      case .sha512: "$6$"
      case .sha256: "$5$"
      }
    }

    /// The cost, in the method's own unit; 0 is the library's choice. Those of bcrypt and SHA would be too cheap.
    var cost: UInt {
      switch self {
      case .yescrypt, .scrypt: 0
      case .bcrypt: 12
      case .sha512, .sha256: 200_000
      }
    }

    /// The longest password in octets. bcrypt passes over what is behind the 72nd.
    package var maximumOctets: Int { self == .bcrypt ? 72 : PasswordHash.maximumOctets }
  }

  /// The longest password in octets: what crypt(3) takes.
  package static let maximumOctets = 511

  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case empty
    case tooLong(maximum: Int)
    /// It has a NUL, CR or LF, which no client can send or no prompt can read.
    case unusableOctet
    /// The system's libcrypt does not know the method.
    case unknownScheme(String)
    /// A system error, such as ENOMEM.
    case system(Int32)

    package var description: String {
      switch self {
      case .empty: "the password is empty"
      case .tooLong(let maximum): "the password has more than \(maximum) octets"
      case .unusableOctet: "the password has an octet that no line can have"
      case .unknownScheme(let name): "this system's crypt(3) does not know \(name)"
      case .system(let code): "the password cannot be hashed: \(FileFailure.text(of: code))"
      }
    }
  }

  /// A hash with a salt of its own, which ``CryptHashForm`` knows. It takes some tenths of a second.
  package static func make(_ password: String, _ scheme: Scheme = .yescrypt) throws(Failure) -> String {
    let octets = password.utf8
    guard !octets.isEmpty else { throw .empty }
    guard octets.count <= scheme.maximumOctets else { throw .tooLong(maximum: scheme.maximumOctets) }
    guard !octets.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) else { throw .unusableOctet }
    let salt = try salt(scheme)
    // 32 KiB: too large for a thread's stack.
    guard let data = calloc(1, MemoryLayout<crypt_data>.size)?.assumingMemoryBound(to: crypt_data.self) else {
      throw .system(ENOMEM)
    }
    defer {
      // It has the password.
      wipe(data)
      free(data)
    }
    errno = 0
    guard let result = crypt_r(password, salt, data), result.pointee != CChar(UInt8(ascii: "*")) else {
      let code = errno
      if code == 0 || code == EINVAL || code == ENOSYS { throw .unknownScheme(scheme.rawValue) }
      throw .system(code)
    }
    let hash = String(cString: result)
    guard CryptHashForm.isKnown(hash) else { throw .unknownScheme(scheme.rawValue) }
    return hash
  }

  /// The random part comes from the operating system.
  private static func salt(_ scheme: Scheme) throws(Failure) -> String {
    #if canImport(Glibc)
      var salt = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
      errno = 0
      guard crypt_gensalt_rn(scheme.prefix, scheme.cost, nil, 0, &salt, Int32(salt.count)) != nil else {
        let code = errno
        if code == EINVAL || code == 0 { throw .unknownScheme(scheme.rawValue) }
        throw .system(code)
      }
      return String(decoding: salt.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #else
      throw .unknownScheme(scheme.rawValue)
    #endif
  }

  /// In a way that no compiler leaves out.
  private static func wipe(_ data: UnsafeMutablePointer<crypt_data>) {
    #if canImport(Glibc)
      explicit_bzero(data, MemoryLayout<crypt_data>.size)
    #endif
  }
}
