import MTACore
import NIOCore
import Testing

@testable import MTADKIM

@Suite struct PublishedExampleTests {
  @Test func rfc6376AppendixA() async {
    let verifications = await verify(PublishedExamples.rfc6376, PublishedExamples.rfc6376Zone)
    #expect(verifications.map(\.outcome) == [.pass], "\(verifications)")
    #expect(
      verifications.map(\.authenticationResult) == [
        AuthenticationResult(
          method: "dkim", result: "pass",
          properties: [
            .init("header", "d", "example.com"), .init("header", "s", "brisbane"), .init("header", "a", "rsa-sha256"),
            .init("header", "b", "AuUoFEfD"), .init("header", "i", "joe@football.example.com"),
          ])
      ])
  }

  @Test func rfc8463AppendixA() async {
    let verifications = await verify(PublishedExamples.rfc8463, PublishedExamples.rfc8463Zone)
    #expect(verifications.map(\.outcome) == [.pass, .pass], "\(verifications)")
    #expect(verifications.map(\.algorithm) == ["ed25519-sha256", "rsa-sha256"])
  }

  @Test(arguments: [
    (PublishedExamples.rfc6376, PublishedExamples.rfc6376Zone),
    (PublishedExamples.rfc8463, PublishedExamples.rfc8463Zone),
  ])
  func everySplitGivesTheSame(mail: String, zone: Zone) async {
    let bytes = Array(mail.utf8)
    let whole = await verify(bytes, zone)
    for split in 0...bytes.count {
      var inspector = DKIMInspector(lookup: zone)
      inspector.receive(ByteBuffer(bytes: bytes[..<split]))
      inspector.receive(ByteBuffer(bytes: bytes[split...]))
      let results = await inspector.finish(at: testTime)
      #expect(results == whole.map(\.authenticationResult), "split at \(split)")
    }
    var drip = DKIMVerifier()
    for byte in bytes { drip.receive(ByteBuffer(bytes: [byte])) }
    #expect(await drip.finish(at: testTime, lookup: zone) == whole)
  }

  /// No octet of what is signed may change; RFC 8463's relaxed forms forgive blanks and case of names, so the change is
  /// one that they do not forgive.
  @Test func everyChangedOctetFails() async {
    let bytes = Array(PublishedExamples.rfc6376.utf8)
    let signed = String(decoding: bytes, as: UTF8.self)
    // The signature's own trailing tags and the key are known to matter; what is tried is all behind the first field.
    guard let start = signed.utf8.indices.first(where: { signed.utf8[$0...].starts(with: "Received:".utf8) }) else {
      Issue.record("no Received field")
      return
    }
    for index in signed.utf8.distance(from: signed.startIndex, to: start)..<bytes.count {
      var altered = bytes
      altered[index] ^= 0x02
      let outcomes = await verify(altered, PublishedExamples.rfc6376Zone).map(\.outcome)
      #expect(!outcomes.contains(.pass), "octet \(index)")
    }
  }
}
