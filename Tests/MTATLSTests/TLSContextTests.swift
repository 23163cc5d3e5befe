import MTATLS
import Testing

struct TLSContextTests {
  @Test func aKeyOfAnotherCertificateIsNamed() {
    #expect(throws: TLSFailure.keyMismatch(certificate: "(PEM in memory)", privateKey: "(PEM in memory)")) {
      try TLSContext.server(certificateChain: .pem(Fixtures.certificate), privateKey: .pem(Fixtures.otherKey))
    }
  }

  @Test func aMissingFileIsNamedWithItsReason() {
    let error = #expect(throws: TLSFailure.self) {
      try TLSContext.server(certificateChain: .file("/nonexistent/chain.pem"), privateKey: .pem(Fixtures.key))
    }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("/nonexistent/chain.pem"))
    #expect(text.contains("No such file"))
  }

  @Test(arguments: [[], Array("not PEM at all\n".utf8), Fixtures.key])
  func textWithoutCertificateIsRefused(_ pem: [UInt8]) {
    #expect(throws: TLSFailure.unreadable(name: "(PEM in memory)", reason: "it holds no certificate")) {
      try TLSContext.server(certificateChain: .pem(pem), privateKey: .pem(Fixtures.key))
    }
  }

  @Test func aDamagedSecondCertificateIsNotSkipped() {
    let damaged = Fixtures.certificate + Array("\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
    #expect(throws: TLSFailure.self) {
      try TLSContext.server(certificateChain: .pem(damaged), privateKey: .pem(Fixtures.key))
    }
  }

  /// Without a refusal OpenSSL would stop and ask at the terminal.
  @Test func anEncryptedKeyIsRefused() {
    #expect(throws: TLSFailure.self) {
      try TLSContext.server(certificateChain: .pem(Fixtures.certificate), privateKey: .pem(Fixtures.lockedKey))
    }
  }

  @Test func aCertificateIsNoKey() {
    #expect(throws: TLSFailure.unreadable(name: "(PEM in memory)", reason: "it holds no private key")) {
      try TLSContext.server(certificateChain: .pem(Fixtures.certificate), privateKey: .pem(Fixtures.certificate))
    }
  }
}
