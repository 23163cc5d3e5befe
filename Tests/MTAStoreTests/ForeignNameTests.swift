import MTACore
import MTASystem
import NIOCore
import Testing

@testable import MTAStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Names of files that a database says, its own or one that is salvaged: only ours are believed.
struct ForeignNameTests {
  private let fixture = StoreFixture()
  private let files = DurableFiles()
  private let noon = StoreFixture.noon

  static let names = [
    "../victim", "../victim.content", "/etc/passwd", "x/../../victim.content", "..", ".", "", ".content", ".lock",
    "lost",
    "a b.content", "a\u{0}.content", "é.content", "1dYwrI-0iDWWN-0y.content.content", "1dYwrI-0iDWWN-0y.contenT",
    "1dYwrI-0iDWWN-0y",
  ]

  @Test(arguments: names) func suchANameIsNoneOfOurs(name: String) { #expect(!ContentFolder.isOurs(name)) }

  @Test func ourNamesAre() {
    #expect(ContentFolder.isOurs("1dYwrI-0iDWWN-0y.content") && ContentFolder.isOurs("1dYwrI-0iDWWN-0y.part"))
  }

  private func text(_ path: String) throws -> String {
    String(buffer: try files.openForReading(path, at: "test").read(from: 0, upTo: 1000, at: "test"))
  }

  /// A mail in a file, whose row names another; what lies there is somebody else's.
  private func mislead(to name: String) async throws -> MailID {
    let store = try fixture.open { $0.contentInDatabase = 1 }
    let id = try await fixture.commit(to: store)
    await store.close()
    try files.create(fixture.path + "/victim", at: "test").write(ByteBuffer(string: "precious"), at: "test")
    try files.create(fixture.path + "/victim.content", at: "test").write(ByteBuffer(string: "precious"), at: "test")
    _ = try fixture.query("UPDATE messages SET content_file = '\(name)'")
    return id
  }

  private func expectUntouched() throws {
    #expect(try text(fixture.path + "/victim") == "precious")
    #expect(try text(fixture.path + "/victim.content") == "precious")
  }

  @Test(arguments: ["../victim", "../victim.content", "x/../../victim.content"])
  func aSalvagedRowNamesNoFileElsewhere(name: String) async throws {
    let id = try await mislead(to: name)
    try files.rename(fixture.database, to: fixture.path + "/old.db", at: "test")
    _ = try MailStore.salvage(fixture.configuration(), from: fixture.path + "/old.db")
    try expectUntouched()
    #expect(try fixture.query("SELECT coalesce(content_file, 'none') FROM messages WHERE size > 0") == ["none"])
    let store = try fixture.open()
    #expect(try await store.list(.held).map(\.mail) == ["\(id)"])
    await store.close()
    try expectUntouched()
  }

  @Test(arguments: ["../victim", "../victim.content"])
  func aRowInUseNamesNoFileElsewhereEither(name: String) async throws {
    let id = try await mislead(to: name)
    let store = try fixture.open()
    await #expect(throws: StoreFailure.self) { try await store.content(of: id) }
    let mails = try await store.claim(by: StoreFixture.me, limit: 9, now: noon, deadline: noon + .seconds(60))
    try await store.record(
      mails.flatMap(\.parcels).map { ParcelResult($0.id, .failed, message: "no") }, by: StoreFixture.me, at: noon)
    await store.close()
    try expectUntouched()
  }

  @Test func aSymbolicLinkInPlaceOfContentIsNotFollowed() async throws {
    let store = try fixture.open { $0.contentInDatabase = 1 }
    let id = try await fixture.commit(to: store)
    let path = fixture.queue + "/\(id).content"
    try files.rename(path, to: fixture.path + "/elsewhere", at: "test")
    #expect(symlink(fixture.path + "/elsewhere", path) == 0)
    await #expect(throws: StoreFailure.self) { try await store.content(of: id) }
    let held = try await store.list(.held)
    #expect(held.map(\.mail) == ["\(id)"] && held.allSatisfy { $0.message?.contains("symbolic link") == true })
    await store.close()
  }
}
