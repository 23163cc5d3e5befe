/// What a server stores of a password for SCRAM-SHA-256 (RFC 5802 §3). It can verify a client with it, and prove itself to the client.
/// It is not enough to log in with.
///
/// MTAReceiver makes them of a password: `try SCRAMKeys(password: "…")`. Store ``encoded`` and read it back with ``init(encoded:)``.
/// Weak passwords can be guessed from them, as from crypt(3) hashes, so descriptions do not show them.
public struct SCRAMKeys: Hashable, Sendable {
  /// The default rounds of PBKDF2. RFC 7677 §4 asks for at least 4,096. The client computes them at each login.
  public static let defaultIterations = 15_000
  /// The default octets of a salt.
  public static let defaultSaltBytes = 16

  public let salt: [UInt8]
  public let iterations: Int
  /// 32 octets.
  public let storedKey: [UInt8]
  /// 32 octets.
  public let serverKey: [UInt8]

  /// Nil unless the salt has 1 to 128 octets, the keys have 32, and iterations are 1 to 10,000,000.
  public init?(salt: [UInt8], iterations: Int, storedKey: [UInt8], serverKey: [UInt8]) {
    guard (1...128).contains(salt.count), (1...10_000_000).contains(iterations), storedKey.count == 32,
      serverKey.count == 32
    else { return nil }
    self.salt = salt
    self.iterations = iterations
    self.storedKey = storedKey
    self.serverKey = serverKey
  }

  /// Reads `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, with binary parts in base64 (the form of RFC 5803, and of PostgreSQL).
  /// Nil for other texts.
  public init?(encoded text: String) {
    let fields = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
    guard fields.count == 3, fields[0].elementsEqual("SCRAM-SHA-256".utf8) else { return nil }
    let how = fields[1].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    let keys = fields[2].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard how.count == 2, keys.count == 2, (1...8).contains(how[0].count),
      how[0].allSatisfy({ (48...57).contains($0) }), let iterations = Int(String(decoding: how[0], as: UTF8.self)),
      let salt = Base64.decode(how[1]), let storedKey = Base64.decode(keys[0]),
      let serverKey = Base64.decode(keys[1])
    else { return nil }
    self.init(salt: salt, iterations: iterations, storedKey: storedKey, serverKey: serverKey)
  }

  /// The form that ``init(encoded:)`` reads.
  public var encoded: String {
    let parts = [salt, storedKey, serverKey].map { String(decoding: Base64.encode($0), as: UTF8.self) }
    return "SCRAM-SHA-256$\(iterations):\(parts[0])$\(parts[1]):\(parts[2])"
  }
}

extension SCRAMKeys: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "SCRAM-SHA-256 keys" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["iterations": iterations]) }
}
