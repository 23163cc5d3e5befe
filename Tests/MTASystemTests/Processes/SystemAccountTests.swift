import MTASystem
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct SystemAccountTests {
  @Test func rootIsKnownByNameAndByNumber() throws {
    #expect(try SystemAccount.user("root") == SystemAccount.user("0"))
    #expect(try SystemAccount.user("root").id == 0)
    #expect(try SystemAccount.user("root").group == 0)
    let name = try #require(getgrgid(0)).pointee.gr_name.map { String(cString: $0) }
    #expect(try SystemAccount.group(try #require(name)) == 0)
  }

  /// A container may have no list at all.
  @Test func aNumberNeedsNoList() throws {
    let user = try SystemAccount.user("4000000001")
    #expect(user.id == 4_000_000_001 && user.group == nil)
    #expect(try SystemAccount.group("4000000001") == 4_000_000_001)
  }

  @Test(arguments: ["no-such-user-here", "", "4294967295", "4294967296", "-1", "+1", "1 "])
  func whatIsNotThereIsNamed(_ text: String) {
    #expect(throws: SystemAccount.Failure.noUser(text)) { try SystemAccount.user(text) }
    #expect(throws: SystemAccount.Failure.noGroup(text)) { try SystemAccount.group(text) }
    #expect(SystemAccount.Failure.noUser("mta").description == "there is no user mta on this machine")
  }
}
