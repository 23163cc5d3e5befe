import MTACore
import MTADKIM
import MTATestSupport
import SuiteTurns
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The founding rules, each as a transcript in `Tests/Dialogues`.
@Suite(.takesTurns, .endsHangs) struct GoldenDialogueTests {
  static let folder: URL = {
    var folder = URL(filePath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return folder.appending(path: "Dialogues")
  }()

  static let files: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".dialogue") }.sorted()
  }()

  private func dialogue(_ log: Town.Log) -> Dialogue {
    let dialogue = Dialogue(hooks: Town(log))
    dialogue.inspector = { DKIMInspector(lookup: $0) }
    return dialogue
  }

  private func path(_ file: String) -> String { Self.folder.appending(path: file).path }

  @Test(arguments: files, [Dialogue.Chunking.lines, .bytes(1), .bytes(3)])
  func inMemory(file: String, chunking: Dialogue.Chunking) async throws {
    let dialogue = dialogue(Town.Log())
    try await dialogue.play(file: path(file), chunking: chunking)
    #expect(dialogue.store.openSpools == 0)
  }

  @Test(arguments: files)
  func overSockets(file: String) async throws {
    if try Dialogue.needsVirtualTime(file: path(file)) { return }
    let log = Town.Log()
    let dialogue = dialogue(log)
    try await dialogue.playOverSockets(file: path(file)) { Town(log) }
    #expect(dialogue.store.openSpools == 0)
  }

  /// The receiver's rows that are promises of a conversation.
  @Test func everyRowHasItsDialogue() {
    for row in 1...18 {
      let prefix = row < 10 ? "R0\(row)-" : "R\(row)-"
      #expect(Self.files.contains { $0.hasPrefix(prefix) }, "\(prefix)")
    }
  }
}
