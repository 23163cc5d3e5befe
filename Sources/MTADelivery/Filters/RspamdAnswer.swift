import MTACore
import NIOCore
import NIOHTTP1

/// Reads rspamd's answer to /checkv2: a JSON object. Of it
///
/// ```
/// {"action": "add header", "score": 7.2, "required_score": 15.0, "symbols": {"GTUBE": {"score": 0.0, …}, …},
///  "messages": {"smtp_message": "…"}, "subject": "…", …}
/// ```
///
/// are used, the last two if present.
struct RspamdAnswerReader: FilterAnswerReader, Sendable {
  /// Octets of an answer, HTTP's own included.
  static let maximumOctets = 1_048_576

  let rewritesSubject: Bool
  private var body = ByteBuffer()
  private var isOpen = false

  init(rewritesSubject: Bool) { self.rewritesSubject = rewritesSubject }

  mutating func receive(_ part: HTTPClientResponsePart) throws(FilterTrouble) -> FilterOpinion? {
    switch part {
    case .head(let head):
      guard head.status == .ok else { throw .refused("HTTP status \(head.status.code)") }
      isOpen = true
      return nil
    case .body(let piece):
      guard isOpen, piece.readableBytes <= Self.maximumOctets - body.readableBytes else { throw .tooLong }
      body.writeImmutableBuffer(piece)
      return nil
    case .end:
      guard let answer = JSONValue(body.readableBytesView) else { throw .malformed("it is no JSON") }
      return try opinion(answer)
    }
  }

  private func opinion(_ answer: JSONValue) throws(FilterTrouble) -> FilterOpinion {
    guard let name = answer["action"]?.text, let points = answer["score"]?.number,
      abs(points) <= FilterOpinion.maximumPoints
    else { throw .malformed("it has no action or no score") }
    var opinion = FilterOpinion(
      points: points, required: answer["required_score"]?.number, action: try action(name, answer),
      tests: tests(answer["symbols"]))
    if let message = answer["messages"]?["smtp_message"]?.text, !message.isEmpty {
      opinion.message = message.bytes.printable(limit: 300)
    }
    return opinion
  }

  private func action(_ name: HostileText, _ answer: JSONValue) throws(FilterTrouble) -> FilterOpinion.Action {
    switch name {
    case "no action": .deliver
    // rspamd makes it "soft reject" itself while a mail is to wait; left as it is, it is no more than a score, and would be the
    // same at each attempt.
    case "greylist": .deliver
    case "add header": .mark(subject: nil)
    case "rewrite subject": .mark(subject: rewritesSubject ? answer["subject"]?.text?.text : nil)
    case "soft reject": .defer
    case "reject": .reject
    case "quarantine": .hold
    case "discard": .discard
    // An action of the site's own, of which we do not know what it asks for.
    default: throw .malformed("action \(name)")
    }
  }

  /// The tests, those with most points first.
  private func tests(_ symbols: JSONValue?) -> [FilterOpinion.Test] {
    guard case .object(let members)? = symbols else { return [] }
    return members.map { name, symbol in
      FilterOpinion.Test(name: FilterText.testName(name.bytes), points: symbol["score"]?.number ?? 0)
    }
    .sorted { (-abs($0.points ?? 0), $0.name) < (-abs($1.points ?? 0), $1.name) }
  }
}
