import MTACore
import Testing

/// The id of a connection: short, safe in a log, and no other's.
@Suite struct SessionIDTests {
  private let noon = Timestamp(milliseconds: 1_767_268_800_000)

  @Test func idsOfProcessesAndConnectionsDiffer() {
    var ids: Set<SessionID> = []
    for random: UInt32 in [0, 1, 238_327] {
      let stem = SessionID.Stem(at: noon, random: random)
      for number: UInt64 in [1, 2, 61, 62, 1_000_000, .max] { ids.insert(SessionID(stem, number)) }
    }
    ids.insert(SessionID(SessionID.Stem(at: noon + .seconds(1), random: 0), 1))
    #expect(ids.count == 19)
    #expect(ids.allSatisfy { SessionID($0.description) == $0 && $0.description.utf8.count <= 21 })
  }

  @Test(arguments: ["", "a b", "a=b", "a\n", String(repeating: "a", count: 65), "ä"])
  func otherTextIsNone(text: String) { #expect(SessionID(text) == nil) }
}
