import MTACore
import NIOCore
import Testing

@testable import MTADKIM

/// Publishes one text under every name.
private struct OneKey: DNSLookup {
  let text: [UInt8]

  func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    .records([DNSRecord(name, ttl: 60, .text([text]))], authenticated: false)
  }
}

extension GrowthTests {
  /// As many signatures as are tried, each with the text in other tags.
  @Test(arguments: Shape.words) func signatures(_ shape: Shape) throws {
    let places = [["c", "h", "q", "i", "d"], ["s", "a", "b", "bh", "v"], ["l", "t", "x", "z", ""]]
    try Growth.holds("DKIM-Signature \(shape)", upTo: 1 << 20) { count in
      places.map { places -> [UInt8] in
        var mail: [UInt8] = []
        for place in places {
          var tags = [
            "v": "1", "a": "rsa-sha256", "c": "relaxed/relaxed", "d": "example.test", "s": "s", "h": "from:subject",
            "bh": "AAAA", "b": "AAAA",
          ]
          let text = String(decoding: shape.octets(count / 15), as: UTF8.self)
          tags[place] = text
          mail += Array("DKIM-Signature: ".utf8)
          for (name, value) in tags.sorted(by: { $0.key > $1.key }) { mail += Array("\(name)=\(value);".utf8) }
          mail += [13, 10]
        }
        return mail + Array("From: a@example.test\r\n\r\nx\r\n".utf8)
      }
    } _: { (mails: [[UInt8]]) in
      for mail in mails {
        var verifier = DKIMVerifier()
        verifier.receive(ByteBuffer(bytes: mail))
        for verification in await verifier.finish(at: Timestamp(milliseconds: 0), lookup: OneKey(text: [])) {
          _ = AuthenticationResultsField(authority: "mx.example", results: [verification.authenticationResult]).render(
            international: true)
        }
      }
    }
  }

  @Test(arguments: Shape.pairs(Shape.words)) func keyRecords(_ shapes: [Shape]) throws {
    let starts = ["", "v=DKIM1;p=YWJj;k=", "p=YWJj;h=", "p=YWJj;s=", "p=YWJj;t=", "p=YWJj;n=", "p=", "v="]
    try Growth.holds("key records", of: shapes, behind: starts) { _ = DKIMKeyRecord($0) }
  }

  /// Bodies in canonical form, and headers that are signed.
  @Test(arguments: Shape.lines) func canonicalForms(_ shape: Shape) throws {
    let domain = DNSName("example.test")
    let selector = DNSName("s")
    let key = try Self.key.get()
    let forms = DKIMCanonicalization.allCases.map { form in
      var options = DKIMSigner.Options()
      options.headerCanonicalization = form
      return (form, DKIMSigner(domain: domain, selector: selector, key: key, options: options))
    }
    try Growth.holds("canonical forms, \(shape)", upTo: 1 << 20) {
      shape.octets($0)
    } _: { octets in
      for (form, signer) in forms {
        var hash = BodyHash(form, lengths: [1, 10, 100])
        hash.update(octets.span)
        hash.finish()
        precondition(hash.digest(length: nil) != nil)
        var signing = DKIMSigning([signer])
        signing.receive(
          ByteBuffer(bytes: Array("From: a@example.test\r\nSubject: a".utf8) + octets + [13, 10, 13, 10]))
        _ = try signing.fields(at: Timestamp(milliseconds: 0))
      }
    }
  }

  private static let key = Result { try DKIMPrivateKey.generate(.ed25519SHA256) }

  @Test func manyTags() throws {
    try Growth.holds("many tags") { count in
      Array((0..<count / 12).map { "t\($0)=a:b;" }.joined().utf8)
    } _: {
      _ = DKIMKeyRecord($0)
    }
  }

  @Test func manyFieldsManySignaturesAndManyNames() throws {
    let signer = DKIMSigner(
      domain: DNSName("example.test"), selector: DNSName("s"), key: try Self.key.get())
    try Growth.holds("many fields to sign") { count in
      Array("From: a@example.test\r\n".utf8)
        + Array(String(repeating: "Received: x\r\nSubject: y\r\n", count: count / 25).utf8)
        + [13, 10]
    } _: { mail in
      var signing = DKIMSigning([signer])
      signing.receive(ByteBuffer(bytes: mail))
      _ = try signing.fields(at: Timestamp(milliseconds: 0))
    }
    for name in ["DKIM-Signature: v=1", "From: a@b.example", "X: y"] {
      try Growth.holds("many \(name)", upTo: 1 << 18) { count in
        Array(String(repeating: name + "\r\n", count: count / (name.utf8.count + 2)).utf8) + [13, 10]
      } _: { mail in
        var verifier = DKIMVerifier()
        verifier.receive(ByteBuffer(bytes: mail))
        _ = await verifier.finish(at: Timestamp(milliseconds: 0), lookup: OneKey(text: []))
      }
    }
  }
}
