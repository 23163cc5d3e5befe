import Testing

@testable import MTACrypto

@Suite struct SHA256Tests {
  static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// FIPS 180-4's examples, and the empty text.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func publishedVectors(text: String, digest: String) {
    #expect(Self.hex(SHA256.digest(of: Array(text.utf8))) == digest)
    var hash = SHA256()
    for byte in text.utf8 { hash.update([byte]) }
    #expect(Self.hex(hash.digest()) == digest)
  }

  @Test func copiesGoOnByThemselves() {
    var hash = SHA256()
    hash.update(Array("ab".utf8))
    var other = hash
    other.update(Array("x".utf8))
    hash.update(Array("c".utf8))
    #expect(hash.digest() == SHA256.digest(of: Array("abc".utf8)))
    #expect(other.digest() == SHA256.digest(of: Array("abx".utf8)))
    hash.update([])
    #expect(hash.digest() == SHA256.digest(of: Array("abc".utf8)))
  }
}
