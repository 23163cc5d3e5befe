import MTATestSupport
import Testing

@testable import MTATLS

/// A certificate of our own making serves, and what is told of it is true.
@Suite struct SelfSignedCertificateTests {
  @Test func aServerCanUseItAndAClientThatTrustsItIsContent() throws {
    let made = try SelfSignedCertificate(names: ["mail.example.test", "example.test"], days: 30)
    let pair = try TLSPair(
      client: try TLSContext.client(verification: .full, trustRoots: .certificates(.pem(made.certificate))),
      peerName: "mail.example.test",
      server: try TLSContext.server(certificateChain: .pem(made.certificate), privateKey: .pem(made.privateKey)))
    try pair.connect()
    defer { pair.finish() }
    #expect(pair.clientSeen.facts?.verification == .verified)
    let leaf = try TLSSource.pem(made.certificate).leaf()
    #expect(pair.clientSeen.facts?.peerCertificate?.sha256 == leaf.sha256)
  }

  @Test func itsNamesAndTimesAreThoseThatWereAskedFor() throws {
    let made = try SelfSignedCertificate(names: ["mail.example.test", "example.test"], days: 30)
    let source = TLSSource.pem(made.certificate)
    let leaf = try source.leaf()
    #expect(leaf.isSelfSigned && leaf.isFor("mail.example.test") && leaf.isFor("example.test"))
    #expect(!leaf.isFor("other.example.test") && !leaf.isFor(""))
    let validity = try source.validity()
    #expect((30 * 86_400...30 * 86_400 + 7200).contains(validity.end - validity.begin))
    // Each has a key and a number of its own.
    #expect(try SelfSignedCertificate(names: ["mail.example.test"], days: 1).privateKey != made.privateKey)
  }

  @Test(arguments: [[], [""], ["a,DNS:b"], ["a b"], ["A.example"], [String(repeating: "a", count: 254)]])
  func onlyNamesOfHostsAreTaken(_ names: [String]) {
    #expect(throws: TLSFailure.self) { try SelfSignedCertificate(names: names, days: 1) }
  }

  @Test func aNameThatIsTooLongForASubjectIsAnAlternativeOne() throws {
    let name = String(repeating: "a", count: 60) + ".example.test"
    let made = try SelfSignedCertificate(names: [name], days: 1)
    #expect(try TLSSource.pem(made.certificate).leaf().isFor(name))
  }

  @Test func recordsNameTheCertificateOrItsAuthority() throws {
    let chain = TLSSource.pem(Array(TestCertificate.Issued.chain.utf8))
    func record(_ usage: UInt8, _ selector: UInt8, _ digest: String) -> TLSARecord {
      let digits = Array(digest.utf8).map { UInt8(String(UnicodeScalar($0)), radix: 16) ?? 0 }
      let data = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
      return TLSARecord(usage: usage, selector: selector, matching: 1, data: data)
    }
    let (key, authority) = (TestCertificate.Issued.keyDigest, TestCertificate.Issued.authorityDigest)
    #expect(try chain.leaf().tlsa == record(3, 1, key))
    #expect(try !chain.leaf().isSelfSigned)
    #expect(try chain.leaf().isFor("mx.test.example") && !chain.leaf().isFor("a.b.test.example"))
    #expect(try chain.isNamed(by: record(3, 1, key)) && chain.isNamed(by: record(2, 1, authority)))
    // The authority is not the server, a certificate no key, and usage 1 not for mail.
    #expect(try !chain.isNamed(by: record(3, 1, authority)))
    #expect(try !chain.isNamed(by: record(3, 0, key)) && !chain.isNamed(by: record(1, 1, key)))
  }
}
