import Testing

@testable import MTACore

@Suite struct Base64Tests {
  /// The vectors of RFC 4648 §10.
  static let vectors = [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ]

  @Test(arguments: vectors) func publishedVectors(plain: String, text: String) {
    #expect(Base64.encode(plain.utf8) == Array(text.utf8))
    #expect(Base64.decode(text.utf8) == Array(plain.utf8))
    #expect(Base64.decodeFolded(text.utf8) == Array(plain.utf8))
  }

  @Test func everyOctetAtEveryPlaceComesBack() {
    for count in 0...64 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count * 11) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
    let all = Array(UInt8.min...UInt8.max)
    #expect(Base64.decode(Base64.encode(all)) == all)
  }

  @Test(arguments: [
    "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm9v=", "=", "====", "Zg==Zg==", "Zm9v\r\n", " Zm9v", "Zm\t9v",
    "Zm9-", "Zm9\u{e9}",
    "Zm9\0",
  ])
  func onlyCanonicalTextIsDecoded(text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }

  @Test(arguments: ["Zm9vYg==", " Zm9v\r\n\tYg = =\r\n", "Zm9vYg", "Zm9v Yh==", "Zm9vYg="])
  func foldedTextIsDecoded(text: String) {
    #expect(Base64.decodeFolded(text.utf8) == Array("foob".utf8))
  }

  @Test(arguments: ["Z", "Zm9vY", "=", "Zg==Zg==", "Zg===", "Zm9v=", "Zm9v-", "Zm9v\u{a0}"])
  func foldedTextHasLimits(text: String) {
    #expect(Base64.decodeFolded(text.utf8) == nil)
  }
}
