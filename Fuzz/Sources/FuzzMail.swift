import MTACore
import MTADKIM
import NIOCore

/// A mail with signatures, and a key record.
func fuzzDKIM(_ input: [UInt8]) {
  _ = DKIMKeyRecord(input)
  var verifier = DKIMVerifier()
  verifier.receive(ByteBuffer(string: "DKIM-Signature: "))
  for piece in pieces(of: input) { verifier.receive(ByteBuffer(bytes: piece)) }
}

/// A header section in one piece and in many is the same, and so are its domains.
func fuzzHeader(_ input: [UInt8]) {
  let whole = HeaderSection(input)
  _ = whole.authorDomain
  for field in whole.fields { _ = (field.name, field.rawValue.count) }
  var collector = HeaderCollector(limit: 65_536)
  for piece in pieces(of: input) {
    switch collector.receive(ByteBuffer(bytes: piece)) {
    case .more: continue
    case .tooLarge: return
    case .complete(let section, _):
      _ = section.authorDomain
      return
    }
  }
  _ = collector.finish()?.authorDomain
}

/// The text forms of the DNS, and domain names that may be international.
func fuzzName(_ input: [UInt8]) {
  let text = String(decoding: input, as: UTF8.self)
  if let record = DNSRecord(text) {
    // What is written can be read.
    precondition(DNSRecord(record.description) == record, "read back differently: \(record)")
  }
  if let name = DNSName(international: text) {
    precondition(name.description.utf8.allSatisfy { $0 < 128 }, "not ASCII")
    precondition(DNSName(name.description) == name, "read back differently: \(name)")
  }
  _ = Domain(text, international: true)?.dnsName
  _ = IPAddress(text)
}
