import MTACore
import MTACrypto

/// A private key for signing: RSA or Ed25519.
public struct DKIMPrivateKey: Sendable {
  let key: PrivateKey
  /// The algorithm of the key.
  public let algorithm: DKIMAlgorithm

  /// Why a key could not be read or made.
  public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not a PEM file with a private key, or a key with a pass phrase; the text says what is wrong.
    case unreadable(String)
    /// A key of another kind than RSA and Ed25519.
    case unsupported
    /// An RSA key below 1024 bits, which verifiers do not accept (RFC 8301 §3.2).
    case tooShort(bits: Int)
    /// The key could not be used or made.
    case failed(String)

    public var description: String {
      switch self {
      case .unreadable(let reason): "the private key cannot be read: \(reason)"
      case .unsupported: "the private key is neither RSA nor Ed25519"
      case .tooShort(let bits): "the RSA key has \(bits) bits; 1024 are the least, 2048 are recommended"
      case .failed(let reason): "the private key cannot be used: \(reason)"
      }
    }
  }

  /// Reads the bytes of a PEM file, PKCS#8 or PKCS#1.
  public init(pem: [UInt8]) throws(Failure) {
    do throws(KeyFailure) {
      try self.init(PrivateKey(pem: pem))
    } catch { throw Failure(error) }
    if case .rsa(let bits) = key.algorithm, bits < 1024 { throw .tooShort(bits: bits) }
  }

  init(_ key: PrivateKey) {
    self.key = key
    algorithm = if case .ed25519 = key.algorithm { .ed25519SHA256 } else { .rsaSHA256 }
  }

  /// Makes a new key, for `dkim keygen`. RSA keys take some tenths of a second.
  /// - Parameter rsaBits: 1024 to 8192, default 2048; no meaning for Ed25519.
  public static func generate(_ algorithm: DKIMAlgorithm, rsaBits: Int = 2048) throws(Failure) -> DKIMPrivateKey {
    guard rsaBits >= 1024 else { throw .tooShort(bits: rsaBits) }
    guard rsaBits <= 8192 else { throw .failed("\(rsaBits) bits are more than verifiers take") }
    do throws(KeyFailure) {
      return DKIMPrivateKey(try PrivateKey.generate(algorithm == .ed25519SHA256 ? .ed25519 : .rsa(bits: rsaBits)))
    } catch { throw Failure(error) }
  }

  /// The key as a PEM file (PKCS#8), without a pass phrase. Only its owner may read the file.
  public func pem() throws(Failure) -> [UInt8] {
    do throws(KeyFailure) { return try key.pem() } catch { throw Failure(error) }
  }

  /// The text of the TXT record to publish: `v=DKIM1; k=rsa; p=MIIB…` (RFC 6376 §3.6.1). For RSA it is longer than 255 bytes, so a zone
  /// file needs it as several strings.
  public func record() throws(Failure) -> String {
    do throws(KeyFailure) {
      let text = String(decoding: Base64.encode(try key.publicKey.recordBytes()), as: UTF8.self)
      return "v=DKIM1; k=\(algorithm.keyType); p=\(text)"
    } catch { throw Failure(error) }
  }

  func signature(ofDigest digest: [UInt8]) throws(Failure) -> [UInt8] {
    do throws(KeyFailure) { return try key.signature(ofDigest: digest) } catch { throw Failure(error) }
  }
}

extension DKIMPrivateKey.Failure {
  fileprivate init(_ failure: KeyFailure) {
    self =
      switch failure {
      case .malformed(let reason): .unreadable(reason)
      case .encrypted: .unreadable("it is locked with a pass phrase")
      case .unsupported: .unsupported
      case .failed(let reason): .failed(reason)
      }
  }
}
