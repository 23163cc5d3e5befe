import MTACore
import NIOCore
import Testing

@testable import MTADKIM

@Suite struct SignerTests {
  static let mail = crlf(
    """
    Received: from client
    From: A <a@example.org>
    To: b@example.net
    Subject: a folded
     subject with \t blanks
    List-Id: <x.example.org>

    .dots at the front
    \t tabs  and   blanks \t
    J\u{f6}rg



    """)

  static func signer(
    _ form: DKIMCanonicalization = .relaxed, domain: String = "example.org", selector: String = "s",
    key: DKIMPrivateKey? = Forge.key
  ) throws -> DKIMSigner {
    var options = DKIMSigner.Options()
    options.headerCanonicalization = form
    options.bodyCanonicalization = form
    return DKIMSigner(
      domain: try #require(DNSName(domain)), selector: try #require(DNSName(selector)), key: try #require(key),
      options: options)
  }

  static func sign(_ mail: String, _ signers: [DKIMSigner]) async throws -> String {
    var signing = DKIMSigning(signers)
    signing.receive(ByteBuffer(string: mail))
    return String(decoding: try await signing.finish(at: testTime), as: UTF8.self)
  }

  @Test(arguments: DKIMCanonicalization.allCases) func whatIsSignedVerifies(form: DKIMCanonicalization) async throws {
    let field = try await Self.sign(Self.mail, [Self.signer(form)])
    #expect(await verify(field + Self.mail, Forge.zone).map(\.outcome) == [.pass])
    #expect(
      field.hasPrefix("DKIM-Signature: v=1; a=ed25519-sha256; c=\(form.rawValue)/\(form.rawValue); d=example.org; s=s;")
    )
    #expect(field.contains("t=1528640000;"))
    let lines = field.split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(lines.last?.isEmpty == true)
    #expect(lines.allSatisfy { $0.utf8.count <= 78 })
    #expect(lines.dropFirst().dropLast().allSatisfy { $0.hasPrefix(" ") && $0.utf8.count > 1 })
  }

  @Test(arguments: ["", "\r\n", "a", "a\r\n\r\n\r\n", " \r\n", "\ra\n\r"])
  func awkwardBodiesVerify(body: String) async throws {
    let mail = "From: a@example.org\r\n\r\n" + body
    for form in DKIMCanonicalization.allCases {
      #expect(await verify(try await Self.sign(mail, [Self.signer(form)]) + mail, Forge.zone).map(\.outcome) == [.pass])
    }
    let headerOnly = "From: a@example.org\r\n"
    #expect(
      await verify(try await Self.sign(headerOnly, [Self.signer()]) + headerOnly, Forge.zone).map(\.outcome) == [.pass])
  }

  @Test func rsaAndEd25519SignSideBySide() async throws {
    let rsa = try DKIMPrivateKey.generate(.rsaSHA256)
    let fields = try await Self.sign(Self.mail, [Self.signer(.simple, selector: "r", key: rsa), Self.signer()])
    let zone: Zone = ["r._domainkey.example.org": try rsa.record(), "s._domainkey.example.org": Forge.record]
    let verifications = await verify(fields + Self.mail, zone)
    #expect(verifications.map(\.outcome) == [.pass, .pass])
    #expect(verifications.map(\.algorithm) == ["rsa-sha256", "ed25519-sha256"])
    #expect(fields.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
  }

  @Test func everySplitSignsTheSame() async throws {
    let bytes = Array(Self.mail.utf8)
    let whole = try await Self.sign(Self.mail, [Self.signer(), Self.signer(.simple)])
    for split in 0...bytes.count {
      var signing = DKIMSigning([try Self.signer(), try Self.signer(.simple)])
      signing.receive(ByteBuffer(bytes: bytes[..<split]))
      signing.receive(ByteBuffer(bytes: bytes[split...]))
      #expect(try await signing.finish(at: testTime) == Array(whole.utf8))
    }
  }

  @Test(arguments: ["From", "To", "Cc", "Subject", "Date", "Reply-To", "Message-ID", "Content-Type"])
  func nobodyCanAddWhatReadersSee(name: String) async throws {
    let signed = try await Self.sign(Self.mail, [Self.signer()]) + Self.mail
    #expect(await verify("\(name): x\r\n" + signed, Forge.zone).map(\.outcome).contains(.pass) == false)
    #expect(
      await verify(signed.replacing("\r\n\r\n", with: "\r\n\(name): x\r\n\r\n", maxReplacements: 1), Forge.zone).map(
        \.outcome
      ).contains(.pass) == false)
  }

  @Test func othersMayAddTraceAndListFields() async throws {
    let signed = try await Self.sign(Self.mail, [Self.signer()]) + Self.mail
    #expect(await verify("List-Post: x\r\nReceived: y\r\nSender: z\r\n" + signed, Forge.zone).map(\.outcome) == [.pass])
    #expect(
      await verify(signed.replacing("<x.example.org>", with: "<y.example.org>"), Forge.zone).map(\.outcome) == [.fail])
  }

  @Test func signaturesMayExpire() async throws {
    var options = DKIMSigner.Options()
    options.lifetime = .seconds(3600)
    let plain = try Self.signer()
    let signer = DKIMSigner(domain: plain.domain, selector: plain.selector, key: plain.key, options: options)
    let signed = try await Self.sign(Self.mail, [signer]) + Self.mail
    #expect(signed.contains("x=1528643600;"))
    #expect(await verify(signed, Forge.zone, at: testTime + .seconds(3599)).map(\.outcome) == [.pass])
    #expect(await verify(signed, Forge.zone, at: testTime + .seconds(3601)).map(\.outcome) == [.permerror])
  }

  @Test func whatNobodyWouldAcceptIsNotSigned() async throws {
    for mail in ["Subject: x\r\n\r\n", "From: a@example.org\r\nFrom: a@example.org\r\n\r\n", ""] {
      await #expect(throws: DKIMSigning.Failure.noSingleFrom) { try await Self.sign(mail, [Self.signer()]) }
    }
    let large = "From: a@example.org\r\nX: \(String(repeating: "x", count: 1_100_000))\r\n\r\n"
    await #expect(throws: DKIMSigning.Failure.headerTooLarge) { try await Self.sign(large, [Self.signer()]) }
  }
}
