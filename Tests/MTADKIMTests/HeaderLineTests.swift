import MTACore
import NIOCore
import Testing

@testable import MTADKIM

/// Lines that are no fields: readers take them for the start of the body, whatever a signature says of the fields behind.
@Suite struct HeaderLineTests {
  private static let odd = [
    "Dear customer,", "no field at all", ": no name", "X Y: blank in the name", "X : blank before the colon",
    "X\t: tab",
    "Gr\u{fc}\u{df}e: 8-bit", "X\u{b}: control", "From a mailbox", ">From a mailbox",
  ]

  @Test(arguments: odd)
  func noSignatureHoldsBesideALineThatIsNoField(line: String) async throws {
    let signed = try Forge.sign()
    let fields = signed.split(separator: "\r\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
    // Behind each field: a signature's own among them.
    for place in 1...fields.count {
      var lines = signed.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
      lines.insert(line, at: place)
      let verifications = await verify(lines.joined(separator: "\r\n"), Forge.zone)
      #expect(verifications.map(\.outcome) == [.permerror], "behind line \(place)")
      #expect(verifications.first?.reason == "a line of the header section is no field")
    }
  }

  @Test func eachSignatureIsJudgedSo() async throws {
    let signed = try Forge.sign(try Forge.sign())
    #expect(await verify(signed, Forge.zone).map(\.outcome) == [.pass, .pass])
    let spoilt = "Received: by a relay\r\nspoilt\r\n" + signed
    let verifications = await verify(spoilt, Forge.zone)
    #expect(verifications.map(\.outcome) == [.permerror, .permerror])
    #expect(
      verifications.map(\.authenticationResult.reason)
        == Array(repeating: "a line of the header section is no field", count: 2))
  }

  /// What begins with no field is all body to its readers: there is no signature then.
  @Test(arguments: ["Dear customer,", " indented", "Gr\u{fc}\u{df}e: x", "From a desk\r\nDear customer,"])
  func contentWithoutAHeaderSectionHasNoSignature(line: String) async throws {
    #expect(await verify(line + "\r\n" + (try Forge.sign()), Forge.zone).isEmpty)
  }

  /// The line of a mailbox file leaves as a field, and is no line of the header as it is verified.
  @Test func aMailboxLineInFrontDoesNoHarm() async throws {
    for line in ["From ann@x.example Thu Jan  1 00:00:00 2026", ">From x"] {
      #expect(await verify(line + "\r\n" + (try Forge.sign()), Forge.zone).map(\.outcome) == [.pass])
    }
  }

  @Test func aNULInTheHeaderIsAnError() async throws {
    let verifications = await verify(try Forge.sign("From: a@example.org\r\nSubject: x\0y\r\n\r\nbody\r\n"), Forge.zone)
    #expect(verifications.map(\.outcome) == [.permerror])
    #expect(verifications.first?.reason == "NUL in the header section")
  }

  /// A body that follows no field of its own is signed whole, in whatever pieces it comes.
  @Test(arguments: [1, 3, 1000])
  func bodiesWithoutFieldsAreSignedWhole(size: Int) async throws {
    let trace = "From: a@example.org\r\nSubject: x\r\n\r\n"
    let body = "no field\r\nFrom: in the body\r\n\r\nend\r\n"
    let bytes = ByteBuffer(string: body)
    let content = StoredContent(trace: ByteBuffer(string: trace), size: bytes.readableBytes) {
      (offset, length) throws(StoreFailure) in
      bytes.getSlice(at: offset, length: min(length, size, bytes.readableBytes - offset)) ?? ByteBuffer()
    }
    let envelope = Envelope(
      id: try #require(MailID("test")), reversePath: .null, recipients: [], receivedAt: testTime)
    let signer = DKIMMailSigner([try SignerTests.signer()])
    let signature = try #require(await signer.signature(for: envelope, content, at: testTime))
    #expect(await verify(String(buffer: signature) + trace + body, Forge.zone).map(\.outcome) == [.pass])
  }
}
