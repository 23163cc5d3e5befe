import Testing

@testable import MTAReceiver

/// Hashes that are made are hashes that logins are checked against.
@Suite struct PasswordHashTests {
  @Test(arguments: PasswordHash.Scheme.allCases)
  func aHashFitsItsPasswordAlone(_ scheme: PasswordHash.Scheme) throws {
    let hash = try PasswordHash.make("pässword 1", scheme)
    #expect(hash.hasPrefix(scheme.prefix) && CryptHashForm.isKnown(hash))
    #expect(try CryptHash.matches("pässword 1", hash))
    #expect(try !CryptHash.matches("pässword 2", hash))
  }

  @Test func eachHashHasASaltOfItsOwn() throws {
    #expect(try PasswordHash.make("a", .sha256) != PasswordHash.make("a", .sha256))
  }

  @Test func passwordsThatWouldNotWorkAreRefused() throws {
    #expect(throws: PasswordHash.Failure.empty) { try PasswordHash.make("") }
    for text in ["a\u{0}b", "a\nb", "a\r"] {
      #expect(throws: PasswordHash.Failure.unusableOctet) { try PasswordHash.make(text) }
    }
    // What is behind the 72nd octet would not count.
    #expect(throws: PasswordHash.Failure.tooLong(maximum: 72)) {
      try PasswordHash.make(String(repeating: "a", count: 73), .bcrypt)
    }
    let longest = String(repeating: "a", count: PasswordHash.maximumOctets)
    #expect(try CryptHash.matches(longest, PasswordHash.make(longest)))
    #expect(throws: PasswordHash.Failure.tooLong(maximum: 511)) { try PasswordHash.make(longest + "a") }
  }
}
