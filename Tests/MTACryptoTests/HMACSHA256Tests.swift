import Testing

@testable import MTACrypto

@Suite struct HMACSHA256Tests {
  /// RFC 4231 §4.2, §4.3 and §4.7.
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func publishedVectors(key: [UInt8], message: String, code: String) {
    #expect(SHA256Tests.hex(HMACSHA256.code(for: Array(message.utf8), key: key)) == code)
  }

  @Test func anEmptyKeyIsAKey() {
    // FIPS 198-1 pads a short key with zeros.
    _ = HMACSHA256.code(for: [1], key: Array("another".utf8))
    #expect(HMACSHA256.code(for: [], key: []) == HMACSHA256.code(for: [], key: [0]))
  }

  /// RFC 7914 §11.
  @Test func passwordKey() {
    let key = HMACSHA256.passwordKey(Array("passwd".utf8), salt: Array("salt".utf8), rounds: 1)
    #expect(SHA256Tests.hex(key) == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc")
    #expect(HMACSHA256.passwordKey([], salt: [1], rounds: 2).count == 32)
  }
}
