import MTACore
import MTADKIM
import NIOCore

/// The DNS, as far as this program has one.
struct OneKey: DNSLookup {
  let place: DNSName
  let text: String

  func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    guard name == place, type == .txt else { return .noSuchName }
    return .records([DNSRecord(name, ttl: 60, .text([Array(text.utf8)]))], authenticated: false)
  }
}

@main
enum SignAndVerify {
  static func main() async throws {
    let mail = ByteBuffer(string: "From: ann@example.org\r\nSubject: hello\r\n\r\nDear Bob\r\n")
    let now = Timestamp(milliseconds: 1_767_225_600_000)

    let key = try DKIMPrivateKey.generate(.ed25519SHA256)
    var signing = DKIMSigning([DKIMSigner(domain: "example.org", selector: "s1", key: key)])
    signing.receive(mail)
    let field = try await signing.finish(at: now)

    var verifier = DKIMVerifier()
    verifier.receive(ByteBuffer(bytes: field))
    verifier.receive(mail)
    let dns = OneKey(place: "s1._domainkey.example.org", text: try key.record())
    for verification in await verifier.finish(at: now, lookup: dns) {
      print(verification.outcome, verification.domain ?? "-")  // pass example.org
    }
  }
}
