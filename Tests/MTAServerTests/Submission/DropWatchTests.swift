import Foundation
import Logging
import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// What is taken in from the drop folder, and what is not.
@Suite(.endsHangs)
struct DropWatchTests {
  private let folder = TemporaryFolder()
  private let stage: SubmitStage
  private let told = NIOLockedValueBox<[SubmissionEnd]>([])

  init() throws {
    stage = SubmitStage(folder: folder.path)
  }

  private func watch(maximumMail: Int = 1 << 20) -> DropWatch {
    DropWatch(
      folder.path, stage.service, maximumMail: maximumMail,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) {
      [told] _, _, end in told.withLockedValue { $0.append(end) }
    }
  }

  private var names: [String] { ((try? DurableFiles().names(in: folder.path, at: "test")) ?? []).sorted() }

  /// Of the user who runs the tests.
  private func mail(to recipient: String = "bob@far.example", from sender: String? = nil) async throws -> SubmittedMail
  {
    let own = try #require(await stage.service.user(Accounts.number)).mailbox.description
    return SubmitStage.mail(from: sender ?? own, to: recipient, text: "From: \(own)\r\n\r\nx\r\n")
  }

  private func write(_ text: String, _ name: String, mode: mode_t = 0o600) throws {
    let path = folder.path + "/" + name
    try Data(text.utf8).write(to: URL(filePath: path))
    #expect(chmod(path, mode) == 0)
  }

  private static func name(_ number: UInt64, _ stage: DropName.Stage = .mail) -> String {
    "\(DropName(stage, random: 0, number))"
  }

  @Test func aMailIsTakenInAndItsFileRemoved() async throws {
    try DropFile.write(try await mail(), into: folder.path)
    let name = try #require(names.first)
    #expect(names.count == 1 && DropName(name)?.stage == .mail)
    #expect(try DurableFiles().statusOfLink(folder.path + "/" + name, at: "test").mode == 0o600)
    await watch().look()
    #expect(names.isEmpty && stage.store.mails.count == 1)
    #expect(stage.store.mails.first?.trace.contains("(from uid \(Accounts.number))") == true)
  }

  @Test func manyMailsOfOneUserComeInSeveralLooks() async throws {
    for _ in 0..<(DropScan.mostOfOwner + 5) { try DropFile.write(try await mail(), into: folder.path) }
    let watch = watch()
    await watch.look()
    #expect(stage.store.mails.count == DropScan.mostOfOwner)
    await watch.look()
    #expect(stage.store.mails.count == DropScan.mostOfOwner + 5 && names.isEmpty)
  }

  @Test func linksPipesAndFoldersAreRemovedUnread() async throws {
    let whole = DropFile.head(of: try await mail())
    let text = String(buffer: whole) + String(buffer: try await mail().content)
    let elsewhere = TemporaryFolder()
    try Data(text.utf8).write(to: URL(filePath: elsewhere.path + "/secret"))
    #expect(chmod(elsewhere.path + "/secret", 0o600) == 0)
    #expect(symlink(elsewhere.path + "/secret", folder.path + "/" + Self.name(1)) == 0)
    #expect(link(elsewhere.path + "/secret", folder.path + "/" + Self.name(2)) == 0)
    #expect(mkfifo(folder.path + "/" + Self.name(3), 0o600) == 0)
    #expect(mkdir(folder.path + "/" + Self.name(4), 0o700) == 0)
    #expect(mkdir(folder.path + "/" + Self.name(5), 0o700) == 0)
    try Data().write(to: URL(filePath: folder.path + "/" + Self.name(5) + "/inside"))
    #expect(symlink("/nowhere", folder.path + "/" + Self.name(6, .try2)) == 0)
    await watch().look()
    #expect(stage.store.mails.isEmpty)
    // A folder with something in it is left where no further look finds it.
    #expect(names == [Self.name(5, .held)])
    #expect(FileManager.default.fileExists(atPath: elsewhere.path + "/secret"))
  }

  @Test func filesOfAnotherFormModeOrSizeAreRemoved() async throws {
    let text = String(buffer: DropFile.head(of: try await mail())) + String(buffer: try await mail().content)
    try write(text, Self.name(1), mode: 0o644)
    try write(text, Self.name(2), mode: 0o4600)
    try write(String(text.dropLast(3)), Self.name(3))
    try write("", Self.name(4))
    try write(text, Self.name(5))
    #expect(truncate(folder.path + "/" + Self.name(5), off_t(DropFile.maximumHead) + 2000) == 0)
    await watch(maximumMail: 1000).look()
    #expect(stage.store.mails.isEmpty && names.isEmpty)
    try write(text, Self.name(6))
    await watch(maximumMail: 1000).look()
    #expect(stage.store.mails.count == 1 && names.isEmpty)
  }

  @Test func otherNamesAreLeftAlone() async throws {
    let text = String(buffer: DropFile.head(of: try await mail())) + String(buffer: try await mail().content)
    let others = ["mail", "mail-", "README", "mail-\u{1b}[2J", Self.name(1, .new), Self.name(2, .held)]
    for name in others { try write(text, name) }
    await watch().look()
    #expect(stage.store.mails.isEmpty && names == others.sorted())
  }

  @Test func whatIsRefusedForNowWaitsAndItsOwnerWithIt() async throws {
    stage.store.fail(.commit, with: .noSpace, times: 1)
    try DropFile.write(try await mail(), into: folder.path)
    try DropFile.write(try await mail(), into: folder.path)
    let first = watch()
    await first.look()
    await first.look()
    #expect(stage.store.mails.isEmpty && names.count == 2)
    #expect(names.allSatisfy { DropName($0)?.stage == .mail })
    #expect(told.withLockedValue { $0.isEmpty })
    // The next server does not know of it.
    await watch().look()
    #expect(stage.store.mails.count == 2 && names.isEmpty)
  }

  @Test func theSenderIsToldOfWhatIsRefusedForGood() async throws {
    try DropFile.write(try await mail(to: "nobody@village.example"), into: folder.path)
    await watch().look()
    #expect(stage.store.mails.isEmpty && names.isEmpty)
    #expect(told.withLockedValue { $0.map(\.refused.count) } == [1])
  }

  @Test func aMailAtWhichTheProgramEndedThreeTimesIsLeft() async throws {
    let text = String(buffer: DropFile.head(of: try await mail())) + String(buffer: try await mail().content)
    try write(text, Self.name(1, .try2))
    try write(text, Self.name(2, .try3))
    await watch().look()
    #expect(stage.store.mails.count == 1 && names == [Self.name(2, .held)])
  }

  @Test func onlyOneProcessTakesIn() async throws {
    try DropFile.write(try await mail(), into: folder.path)
    var other: OpenFolder? = try OpenFolder(folder.path)
    #expect(other?.lock() == true)
    let watch = watch()
    await watch.look()
    #expect(stage.store.mails.isEmpty && names.count == 1)
    other = nil
    await watch.look()
    #expect(stage.store.mails.count == 1)
  }

  @Test func theFolderIsForAllToPutInto() throws {
    let path = folder.path + "/drop"
    #expect(DropFolder.fault(path, for: nil) == nil && names.isEmpty)
    try DropFolder.make(path, for: nil)
    #expect(try DurableFiles().statusOfLink(path, at: "test").mode == 0o1733)
    #expect(chmod(path, 0o777) == 0)
    try DropFolder.make(path, for: nil)
    #expect(try DurableFiles().statusOfLink(path, at: "test").mode == 0o1733)
    #expect(symlink(path, folder.path + "/link") == 0)
    #expect(throws: StartFailure.self) { try DropFolder.make(folder.path + "/link", for: nil) }
    #expect(throws: StartFailure.self) { try DropFolder.make(folder.path + "/none/drop", for: nil) }
    #expect(chmod(folder.path, 0o777) == 0)
    #expect(throws: StartFailure.self) { try DropFolder.make(folder.path + "/other", for: nil) }
  }
}
