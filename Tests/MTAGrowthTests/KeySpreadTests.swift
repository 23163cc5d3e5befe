import MTADNS
import Testing

@testable import MTACore
@testable import MTADKIM
@testable import MTAReceiver

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tables whose keys are what strangers say find each key at once, whatever it is. Swift seeds its hashes anew in each process; what is
/// left to us is that a key hashes all of its octets, so that no part of it can be varied without moving the key elsewhere.
@Suite struct KeySpreadTests {
  private static let count = 1024

  /// Names that differ in their first, middle or last octets, and much alike otherwise.
  private static let names: [[String]] = {
    let long = String(repeating: "a", count: 40)
    return [
      (0..<count).map { "\($0)\(long)" }, (0..<count).map { "\(long.prefix(20))\($0)\(long.prefix(20))" },
      (0..<count).map { "\(long)\($0)" },
    ]
  }()

  /// Of random 64-bit numbers no two of some thousand are the same, and they fill a table of twice their number evenly: no place has twelve,
  /// but in one of a hundred million tables.
  private func spreads<Key: Hashable>(_ key: (String) -> Key?, sourceLocation: SourceLocation = #_sourceLocation) {
    for names in Self.names {
      let keys = names.compactMap(key)
      #expect(keys.count == Self.count, sourceLocation: sourceLocation)
      #expect(Set(keys.map(\.hashValue)).count == Self.count, sourceLocation: sourceLocation)
      var places = [Int](repeating: 0, count: 2 * Self.count)
      for key in keys { places[key.hashValue & (places.count - 1)] += 1 }
      #expect((places.max() ?? 0) < 12, sourceLocation: sourceLocation)
    }
  }

  @Test func textOfOthers() { spreads { HostileText(Array($0.utf8)) } }

  @Test func mailboxes() {
    spreads { Mailbox("\($0)@b.example") }
    spreads { Mailbox("a@\($0).example") }
    spreads { Domain("\($0).example") }
  }

  @Test func namesAndQuestionsOfTheDNS() {
    spreads { DNSName("\($0).example") }
    spreads { DNSName("\($0).example").map { DNSQuestion($0, .txt) } }
  }

  @Test func namesOfFields() { spreads { FieldName(Array($0.utf8)[...]) } }

  @Test func contacts() {
    let keys = (0..<Self.count).compactMap { IPAddress("2001:db8:\(String($0, radix: 16))::1") }
    #expect(Set(keys.map { ContactKey($0).hashValue }).count == Self.count)
  }

  /// Unless whoever starts it wants otherwise, and none of our scripts does.
  @Test func seedsAreNotFixed() {
    #expect(getenv("SWIFT_DETERMINISTIC_HASHING") == nil)
  }
}
