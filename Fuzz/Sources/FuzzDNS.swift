import MTACore
import MTADNS

private let questions: [(DNSQuery, [UInt8])] = DNSRecordType.allCases.map { type in
  let query = DNSQuery("a.example", type, id: 0, casing: [0])
  return (query, Array(query.packet[12..<27]))
}

/// The first octet chooses the question; the rest is the answer's flags, counts and records behind the echo of the question, so that
/// no time goes into guessing it. The input as a whole is a packet, too.
func fuzzDNS(_ input: [UInt8]) {
  _ = try? DNSMessage(input)
  guard let first = input.first, input.count >= 9 else { return }
  let (query, echo) = questions[Int(first) % questions.count]
  let packet = [0, 0, input[1] | 0x80, input[2], 0, 1] + input[3..<9] + echo + input[9...]
  let reading = AnswerReader.read(
    packet, to: query, over: first & 0x80 == 0 ? .datagram : .stream, aliases: 16, trustsAuthenticated: true)
  // What comes out of a packet can be shown, and read back where it has a form that can.
  guard case .answer(.records(let records, _), _) = reading else { return }
  precondition(records.allSatisfy { $0.type == query.type }, "a record that was not asked for")
  for record in records {
    let text = record.data.presentation
    precondition(text.utf8.allSatisfy { (32...126).contains($0) }, "what is shown is not printable")
    // An empty TXT record has no text form.
    if case .text(let strings) = record.data, strings.isEmpty { continue }
    precondition(DNSRecordData(record.type, presentation: text) == record.data, "read back differently: \(text)")
  }
}
