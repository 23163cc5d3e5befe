import Testing

@testable import MTACrypto

@Suite struct KeyTests {
  @Test(arguments: [KeyAlgorithm.rsa(bits: 2048), .ed25519])
  func aKeySignsAndItsPublicHalfVerifies(algorithm: KeyAlgorithm) throws {
    let made = try PrivateKey.generate(algorithm)
    let key = try PrivateKey(pem: made.pem())
    #expect(key.algorithm == algorithm)
    let digest = SHA256.digest(of: Array("text".utf8))
    let signature = try key.signature(ofDigest: digest)
    let record = try key.publicKey.recordBytes()
    let published = algorithm == .ed25519 ? try PublicKey(ed25519: record) : try PublicKey(rsaDER: record)
    #expect(published.algorithm == algorithm)
    #expect(published.isSignature(signature, ofDigest: digest))
    #expect(!published.isSignature(signature, ofDigest: SHA256.digest(of: Array("Text".utf8))))
    #expect(!published.isSignature(Array(signature.dropLast()), ofDigest: digest))
    #expect(!published.isSignature([], ofDigest: digest))
    #expect(!published.isSignature(signature, ofDigest: []))
    var altered = signature
    altered[7] ^= 1
    #expect(!published.isSignature(altered, ofDigest: digest))
    #expect(try !PrivateKey.generate(algorithm).publicKey.isSignature(signature, ofDigest: digest))
    #expect(throws: KeyFailure.self) { try key.signature(ofDigest: [1, 2, 3]) }
  }

  @Test func bareAndWrappedRSAKeysAreRead() throws {
    let key = try PrivateKey.generate(.rsa(bits: 1024))
    let wrapped = try key.publicKey.recordBytes()
    // SubjectPublicKeyInfo of RSA-1024: 22 octets of header before the bare key.
    let bare = Array(wrapped.dropFirst(22))
    #expect(try PublicKey(rsaDER: bare).recordBytes() == wrapped)
    #expect(throws: KeyFailure.self) { try PublicKey(rsaDER: wrapped + [0]) }
    for count in 0..<wrapped.count {
      #expect(throws: KeyFailure.self) { try PublicKey(rsaDER: Array(wrapped.prefix(count))) }
    }
    for place in 0..<25 {
      var altered = wrapped
      altered[place] ^= 0x81
      #expect(throws: KeyFailure.self, "octet \(place)") { try PublicKey(rsaDER: altered) }
    }
    #expect(throws: KeyFailure.self) { try PublicKey(rsaDER: bare.dropLast()) }
    #expect(throws: KeyFailure.self) { try PublicKey(rsaDER: []) }
    #expect(throws: KeyFailure.self) { try PublicKey(ed25519: []) }
    #expect(throws: KeyFailure.self) { try PublicKey(ed25519: wrapped) }
  }

  @Test func otherFilesAreRefused() {
    #expect(throws: KeyFailure.self) { try PrivateKey(pem: []) }
    #expect(throws: KeyFailure.self) { try PrivateKey(pem: Array("not a key".utf8)) }
    #expect(throws: KeyFailure.self) { try PrivateKey(ed25519Seed: [1]) }
    #expect(throws: KeyFailure.unsupported) { try PrivateKey(pem: Array(Self.ellipticKey.utf8)) }
    #expect(throws: KeyFailure.encrypted) { try PrivateKey(pem: Array(Self.lockedKey.utf8)) }
  }

  @Test func randomBytesDiffer() {
    #expect(Secrets.random(32).count == 32)
    #expect(Secrets.random(32) != Secrets.random(32))
    #expect(Secrets.random(-1).isEmpty)
  }

  @Test func comparingTellsTheSame() {
    #expect(Secrets.areEqual([1, 2, 3], [1, 2, 3]))
    #expect(!Secrets.areEqual([1, 2, 3], [1, 2, 4]))
    #expect(!Secrets.areEqual([1, 2, 3], [1, 2]))
    #expect(Secrets.areEqual([], []))
  }

  static let ellipticKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHvhKqkfs5fbGlcSx
    N/8GgKD+bm8RLeloBmMcRzQgciahRANCAAT5wm8Yf6lMxp9TbzoEmvGbsmETNScb
    mO+CbXLMy7T0WiZerqNw+9uHyxyx+CBPG81LheF9n49QPuXnOXm/dk0t
    -----END PRIVATE KEY-----
    """

  /// An Ed25519 key locked with the pass phrase "secret".
  static let lockedKey = """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjwvhWUYv9bKwICCAAw
    DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEO+0xEACzbRNHMYLEmEDYJsEQHbY
    RwSbDQAthI+SB69Sg9Np+b8zDRzTu0iSv1GAmaV/yck8YbYvPrCFykMFE3yjLv87
    PAFrL1ugzVCKKOJGQOk=
    -----END ENCRYPTED PRIVATE KEY-----
    """
}
