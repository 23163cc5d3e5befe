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

/// A mail that is to fit lines of seven bits: what comes out does, the same however the mail was cut, and needs nothing more.
func fuzzConvert(_ input: [UInt8]) {
  var scan = ContentScan()
  scan.read(ByteBuffer(bytes: input))
  var scanned = ContentScan()
  for piece in pieces(of: input) { scanned.read(ByteBuffer(bytes: piece)) }
  precondition(scan.finish() == scanned.finish(), "scanned differently")
  guard let plan = conversionPlan([input[...]]) else { return }
  precondition(conversionPlan(pieces(of: input)) == plan, "planned differently")
  let result = converted([input[...]], plan)
  precondition(converted(pieces(of: input), plan) == result, "converted differently")
  precondition(result.allSatisfy { $0 < 128 && $0 != 0 }, "not of seven bits")
  let lines = result.split(separator: 10, omittingEmptySubsequences: false)
  precondition(lines.allSatisfy { $0.count <= 999 }, "a line is too long")
  guard let again = conversionPlan([result[...]]) else { preconditionFailure("cannot be read again") }
  precondition(converted([result[...]], again) == result, "converted twice")
}

private func conversionPlan(_ pieces: [ArraySlice<UInt8>]) -> ConversionPlan? {
  var survey = ConversionPlan.Survey()
  for piece in pieces { survey.receive(ByteBuffer(bytes: piece)) }
  return try? survey.finish()
}

private func converted(_ pieces: [ArraySlice<UInt8>], _ plan: ConversionPlan) -> [UInt8] {
  var converter = MailConverter(plan)
  var out: [UInt8] = []
  for piece in pieces { out += converter.convert(ByteBuffer(bytes: piece)).readableBytesView }
  return out + converter.finish().readableBytesView
}
