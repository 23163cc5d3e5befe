import MTACore
import Testing

@testable import MTADKIM

@Suite struct DKIMKeyRecordTests {
  @Test func tagsAndDefaults() throws {
    let plain = try #require(DKIMKeyRecord(Array("p=YWJj".utf8)))
    #expect(
      plain.keyType == "rsa" && plain.hashes == nil && plain.services == ["*"] && plain.publicKey == Array("abc".utf8))
    #expect(!plain.isTesting && !plain.isStrict && !plain.isRevoked)
    let full = try #require(
      DKIMKeyRecord(Array("v=DKIM1; k=ed25519; h=sha1:sha256; s=email : x; t=y:s:z; n=note; x=1; p=YW Jj;".utf8)))
    #expect(full.keyType == "ed25519" && full.hashes == ["sha1", "sha256"] && full.services == ["email", "x"])
    #expect(full.isTesting && full.isStrict)
    #expect(DKIMKeyRecord(Array("v=DKIM1; p=".utf8))?.isRevoked == true)
  }

  @Test(arguments: [
    "", "v=DKIM1", "v=DKIM2; p=YWJj", "p=YWJj; v=DKIM1", "v=spf1 -all", "p=not base 64!", "v=DKIM1; p=YWJj; p=YWJj",
  ])
  func otherTextIsNoRecord(text: String) { #expect(DKIMKeyRecord(Array(text.utf8)) == nil) }

  @Test func madeKeysPublishRecords() throws {
    for algorithm in DKIMAlgorithm.allCases {
      let key = try DKIMPrivateKey.generate(algorithm)
      let record = try #require(DKIMKeyRecord(Array(try key.record().utf8)))
      #expect(record.isOf(algorithm))
      #expect(try DKIMPrivateKey(pem: key.pem()).record() == key.record())
    }
    #expect(throws: DKIMPrivateKey.Failure.tooShort(bits: 512)) {
      try DKIMPrivateKey.generate(.rsaSHA256, rsaBits: 512)
    }
    #expect(throws: DKIMPrivateKey.Failure.self) { try DKIMPrivateKey(pem: Array("x".utf8)) }
  }

  @Test func keysAreLookedUp() async throws {
    let selector = DNSName("s")
    let domain = DNSName("example.org")
    var zone: Zone = ["s._domainkey.example.org": "v=spf1", "s._domainkey.example.org": "p=YWJj"]
    #expect(
      await zone.dkimKeys(selector: selector, domain: domain)
        == .found([try #require(DKIMKeyRecord(Array("p=YWJj".utf8)))]))
    zone.texts = ["s._domainkey.example.org": ["v=spf1"]]
    #expect(await zone.dkimKeys(selector: selector, domain: domain) == .none)
    zone.unavailable = ["s._domainkey.example.org"]
    #expect(await zone.dkimKeys(selector: selector, domain: domain) == .failure(.timedOut))
  }
}
