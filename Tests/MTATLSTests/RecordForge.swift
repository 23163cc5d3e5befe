import COpenSSL
import Testing

/// Seals records of a client by hand (RFC 8446 §5.2, §7; RFC 5288), for what no library sends: records without content.
///
/// AES-GCM suites alone, which both versions choose here.
struct RecordForge {
  enum Version: Int, CaseIterable, Sendable {
    case tls12 = 0x0303
    case tls13 = 0x0304
  }

  /// The secrets of a connection of TLS 1.3, as the client's library tells them.
  final class Secrets {
    fileprivate var traffic: [UInt8] = []

    /// Before the handshake.
    init(of ssl: OpaquePointer, _ version: Version) {
      // SSL_CTRL_SET_MAX_PROTO_VERSION
      _ = SSL_ctrl(ssl, 124, version.rawValue, nil)
      SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
      SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(ssl)) { ssl, line in
        guard let ssl, let line, let place = SSL_get_ex_data(ssl, 0) else { return }
        let words = String(cString: line).split(separator: " ")
        guard words.count == 3, words[0] == "CLIENT_TRAFFIC_SECRET_0" else { return }
        let digits = Array(words[2].utf8)
        Unmanaged<Secrets>.fromOpaque(place).takeUnretainedValue().traffic = stride(from: 0, to: digits.count, by: 2)
          .map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0
          }
      }
    }
  }

  private let version: Version
  private let digest: OpaquePointer
  private let key: [UInt8]
  /// The whole of it, or four octets of it (TLS 1.2).
  private let nonce: [UInt8]
  private var number: UInt64

  /// After the handshake, and before the client sends anything.
  init(_ ssl: OpaquePointer, _ version: Version, _ secrets: Secrets) throws {
    self.version = version
    let suite = String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)))
    try #require(SSL_version(ssl) == Int32(version.rawValue) && suite.contains("GCM"), "\(suite)")
    digest = try #require(suite.hasSuffix("SHA384") ? EVP_sha384() : EVP_sha256())
    let keyLength = suite.contains("256_GCM") || suite.contains("AES256") ? 32 : 16
    switch version {
    case .tls13:
      key = Self.expand(secrets.traffic, "key", keyLength, digest)
      nonce = Self.expand(secrets.traffic, "iv", 12, digest)
      number = 0
    case .tls12:
      // RFC 5246 §6.3: the keys of client and server, then their nonces.
      let block = Self.keyBlock(ssl, digest, length: 2 * keyLength + 8)
      key = Array(block[..<keyLength])
      nonce = Array(block[(2 * keyLength)..<(2 * keyLength + 4)])
      // Its Finished was the first.
      number = 1
    }
  }

  mutating func record(_ content: [UInt8], type: UInt8 = 23) throws -> [UInt8] {
    defer { number += 1 }
    let sequence = (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    switch version {
    case .tls13:
      let length = content.count + 1 + 16
      let header: [UInt8] = [23, 3, 3, UInt8(length >> 8), UInt8(length & 255)]
      let mask = [0, 0, 0, 0] + sequence
      return header + (try seal(content + [type], zip(nonce, mask).map { $0 ^ $1 }, header))
    case .tls12:
      let (plain, length) = (content.count, 8 + content.count + 16)
      let additional = sequence + [type, 3, 3, UInt8(plain >> 8), UInt8(plain & 255)]
      return [type, 3, 3, UInt8(length >> 8), UInt8(length & 255)] + sequence
        + (try seal(content, nonce + sequence, additional))
    }
  }

  private func seal(_ plain: [UInt8], _ nonce: [UInt8], _ additional: [UInt8]) throws -> [UInt8] {
    let context = try #require(EVP_CIPHER_CTX_new())
    defer { EVP_CIPHER_CTX_free(context) }
    var sealed = [UInt8](repeating: 0, count: plain.count + 16)
    var tag = [UInt8](repeating: 0, count: 16)
    var length: Int32 = 0
    let cipher = key.count == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm()
    var steps = [
      EVP_EncryptInit_ex(context, cipher, nil, key, nonce),
      EVP_EncryptUpdate(context, nil, &length, additional, Int32(additional.count)),
    ]
    if !plain.isEmpty { steps.append(EVP_EncryptUpdate(context, &sealed, &length, plain, Int32(plain.count))) }
    var rest: Int32 = 0
    steps.append(EVP_EncryptFinal_ex(context, &sealed, &rest))
    // EVP_CTRL_AEAD_GET_TAG
    steps.append(EVP_CIPHER_CTX_ctrl(context, 16, 16, &tag))
    try #require(steps.allSatisfy { $0 == 1 })
    return Array(sealed[..<plain.count]) + tag
  }

  // MARK: keys

  private static func hmac(_ key: [UInt8], _ data: [UInt8], _ digest: OpaquePointer) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 64)
    var length: UInt32 = 0
    _ = HMAC(digest, key, Int32(key.count), data, data.count, &code, &length)
    return Array(code[..<Int(length)])
  }

  /// HKDF-Expand-Label (RFC 8446 §7.1), for no more than one block.
  private static func expand(_ secret: [UInt8], _ label: String, _ length: Int, _ digest: OpaquePointer) -> [UInt8] {
    let full = Array(("tls13 " + label).utf8)
    let info = [0, UInt8(length), UInt8(full.count)] + full + [0, 1]
    return Array(hmac(secret, info, digest)[..<length])
  }

  /// RFC 5246 §5, §6.3
  private static func keyBlock(_ ssl: OpaquePointer, _ digest: OpaquePointer, length: Int) -> [UInt8] {
    var master = [UInt8](repeating: 0, count: 48)
    _ = SSL_SESSION_get_master_key(SSL_get_session(ssl), &master, 48)
    var client = [UInt8](repeating: 0, count: 32)
    var server = [UInt8](repeating: 0, count: 32)
    _ = SSL_get_client_random(ssl, &client, 32)
    _ = SSL_get_server_random(ssl, &server, 32)
    let seed = Array("key expansion".utf8) + server + client
    var block: [UInt8] = []
    var chain = seed
    while block.count < length {
      chain = hmac(master, chain, digest)
      block += hmac(master, chain + seed, digest)
    }
    return block
  }
}
