import MTACore
import Testing

@testable import MTADelivery

@Suite struct MaildirNameTests {
  @Test(arguments: ["bücher.example", "BÜCHER.example.", "xn--bcher-kva.EXAMPLE"])
  func oneFolderForAllSpellings(domain: String) throws {
    #expect(MaildirName.folder(of: try #require(Mailbox("Bob@" + domain))) == "xn--bcher-kva.example/bob")
  }

  @Test func longNamesFitAndStayApart() throws {
    let domain = Domain("b.example")
    func folder(_ localPart: String) throws -> String {
      MaildirName.folder(of: try #require(Mailbox(localPart: localPart, domain: domain)))
    }
    let stem = String(repeating: "ü", count: 126)
    let names = try [
      stem, stem + "a", stem + "b", String(repeating: "x", count: 200), String(repeating: "x", count: 255),
    ].map(folder)
    #expect(Set(names).count == names.count)
    for name in names { #expect(name.utf8.count <= "b.example/".utf8.count + 200) }
    #expect(names[3] == "b.example/" + String(repeating: "x", count: 200))
  }
}
