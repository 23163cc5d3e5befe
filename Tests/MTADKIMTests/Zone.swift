import MTACore
import NIOCore

@testable import MTADKIM

/// A literal zone of TXT records, and names that cannot be asked for.
struct Zone: DNSLookup, ExpressibleByDictionaryLiteral {
  var texts: [String: [String]] = [:]
  var unavailable: Set<String> = []

  init(dictionaryLiteral entries: (String, String)...) {
    for (name, text) in entries { texts[name, default: []].append(text) }
  }

  func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    if unavailable.contains(name.description) { return .failure(.timedOut) }
    guard type == .txt, let texts = texts[name.description] else { return .noSuchName }
    // Strings of at most 255 octets, as on the wire.
    return .records(
      texts.map { text in
        let bytes = Array(text.utf8)
        let strings = stride(from: 0, to: bytes.count, by: 255).map { Array(bytes[$0..<min($0 + 255, bytes.count)]) }
        return DNSRecord(name, ttl: 60, .text(strings))
      }, authenticated: false)
  }
}

/// Test text is written with LF; mails have CR LF.
func crlf(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
}

let testTime = Timestamp(milliseconds: 1_528_640_000_000)

func verify(
  _ mail: String, _ zone: any DNSLookup, policy: DKIMVerifier.Policy = .init(), at now: Timestamp = testTime
) async -> [DKIMVerification] {
  await verify(Array(mail.utf8), zone, policy: policy, at: now)
}

func verify(
  _ mail: [UInt8], _ zone: any DNSLookup, policy: DKIMVerifier.Policy = .init(), at now: Timestamp = testTime
) async -> [DKIMVerification] {
  var verifier = DKIMVerifier(policy: policy)
  verifier.receive(ByteBuffer(bytes: mail))
  return await verifier.finish(at: now, lookup: zone)
}
