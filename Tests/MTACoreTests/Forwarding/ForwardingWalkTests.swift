import Testing

@testable import MTACore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Forwards of forwards, without a session.
@Suite struct ForwardingWalkTests {
  /// Who forwards to whom. A name in capitals is a member, who has a mailbox; others are aliases; `name!` keeps a copy. Names that
  /// nobody has are strangers.
  private static func arrivals(_ records: [String: [String]], from start: String = "a") throws
    -> (walk: ForwardingWalk, text: [String])
  {
    func address(_ name: String) throws -> Mailbox { try #require(Mailbox("\(name)@x.example")) }
    func record(_ mailbox: Mailbox) throws -> ClientRecord? {
      for (name, targets) in records {
        let bare = name.filter { $0 != "!" }
        guard bare.lowercased() == mailbox.caseFolded.localPart else { continue }
        return ClientRecord(
          mailboxID: bare == bare.lowercased() ? nil : bare, forwards: try targets.map(address),
          keepsCopy: name.hasSuffix("!"))
      }
      return nil
    }
    let first = try address(start)
    let client = try record(first)
    var walk = ForwardingWalk(
      from: first, client, to: client?.forwards ?? [], keepingCopy: client?.keepsCopy ?? false)
    while let next = walk.next, !walk.leadsTooFar { walk.take(try record(next)) }
    let text = walk.arrivals.map { arrival in
      let way = arrival.way.map { "\($0.localPart)>" }.joined()
      return way + arrival.recipient.mailbox.localPart
        + (arrival.recipient.forwardedFor.map { " for \($0.localPart)" } ?? "")
    }
    return (walk, text)
  }

  @Test(arguments: [
    (["a": ["b", "c"]], ["a>b for a", "a>c for a"]),
    // A copy of one's own, named either way.
    (["A!": ["b"]], ["a>a", "a>b for a"]),
    (["A": ["b", "a"]], ["a>a", "a>b for a"]),
    (["A": ["b", "A"]], ["a>a", "a>b for a"]),
    // Forwards of forwards.
    (["a": ["b"], "B!": ["c"]], ["a>b>b for a", "a>b>c for b"]),
    // The same mailbox on several ways, and in several spellings, gets one copy.
    (["a": ["b", "c"], "b": ["d"], "c": ["d"]], ["a>b>d for b"]),
    (["a": ["Mike", "mike"], "Mike": []], ["a>mike for a"]),
    (["a": ["b", "b"]], ["a>b for a"]),
    // Circles.
    (["a": ["b"], "b": ["a"]], []),
    (["a": ["b", "z"], "b": ["a"]], ["a>z for a"]),
    (["A": ["b"], "B": ["a"]], ["a>b>b for a"]),
    (["A": ["b"], "B": ["A"]], ["a>b>b for a"]),
    (["A!": ["b"], "B!": ["a"]], ["a>a", "a>b>b for a"]),
    (["a": ["b"], "b": ["c"], "C": ["b"]], ["a>b>c>c for b"]),
    (["a": []], []),
  ])
  func itEndsWhereNothingLeadsOn(records: [String: [String]], expected: [String]) throws {
    let (walk, text) = try Self.arrivals(records)
    #expect(text == expected)
    #expect(!walk.leadsTooFar)
    #expect(walk.arrivals.allSatisfy { $0.recipient.client?.forwards.isEmpty ?? true })
  }

  @Test func itIsBoundedInDepth() throws {
    func chain(_ length: Int) -> [String: [String]] {
      Dictionary(uniqueKeysWithValues: (0..<length).map { ("m\($0)", ["m\($0 + 1)"]) })
    }
    let (deep, text) = try Self.arrivals(chain(10), from: "m0")
    #expect(!deep.leadsTooFar && text.count == 1 && text[0].hasSuffix(">m10 for m9"))
    #expect(try Self.arrivals(chain(11), from: "m0").walk.leadsTooFar)
  }

  @Test func itIsBoundedInNumber() throws {
    let many = (0..<100).map { "t\($0)" }
    #expect(try Self.arrivals(["a": many]).text.count == 100)
    #expect(try Self.arrivals(["a": many + ["t100"]]).walk.leadsTooFar)
    // Each leads to all, itself included: more ways than could be walked, and one copy for each.
    let names = (0..<90).map { "n\($0)" }
    let bomb = Dictionary(uniqueKeysWithValues: names.map { ($0, names) })
    let (walk, text) = try Self.arrivals(bomb.merging(["a": names]) { $1 })
    #expect(!walk.leadsTooFar && text.count == 90)
  }

  @Test func aTargetCanBeLeftOutOrStoodInFor() throws {
    let a = Mailbox("a@x.example")
    let (b, c) = (Mailbox("b@x.example"), Mailbox("c@x.example"))
    var walk = ForwardingWalk(from: a, nil, to: [b, c], keepingCopy: false)
    walk.drop(.nullMX)
    #expect(walk.next == c)
    walk.turn(to: b)
    #expect(walk.next == nil && walk.arrivals.isEmpty && walk.refusal == .nullMX)
    var other = ForwardingWalk(from: a, nil, to: [b], keepingCopy: true)
    other.turn(to: c)
    other.take(ClientRecord(mailboxID: "c"))
    #expect(other.arrivals.map(\.recipient.mailbox) == [a, c])
  }

  /// What an earlier version stored is read, and what forwards nothing is stored as it was.
  @Test func recordsAreCodedAsBefore() throws {
    let old = #"{"delivery":"local","mailboxID":"m","ownerID":"o"}"#
    let record = ClientRecord(mailboxID: "m", ownerID: "o")
    #expect(try JSONDecoder().decode(ClientRecord.self, from: Data(old.utf8)) == record)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(record), as: UTF8.self) == old)
    let forwarding = ClientRecord(delivery: .none, forwards: [Mailbox("a@b.example")], keepsCopy: true)
    #expect(try JSONDecoder().decode(ClientRecord.self, from: try encoder.encode(forwarding)) == forwarding)
  }
}
