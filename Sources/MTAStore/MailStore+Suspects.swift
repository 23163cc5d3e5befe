public import MTACore
import MTASystem
import NIOCore

extension MailStore {
  /// The file for ``TrapRecord``. It counts mails at which processes trap, for the next process that has the store open.
  public static func trapRecord(in queue: String) -> String { queue + "/.trapped" }

  public func suspect(_ id: MailID, because cause: String, at now: Timestamp) async throws(StoreFailure) -> Bool {
    let line = Self.line(cause)
    let isHeld = try await core.write { (database) throws(SQLiteFailure) in
      try database.suspect(id.description, because: line, at: now)
    }
    if isHeld { reportHeld([id], because: line) }
    return isHeld
  }

  /// The suspect mails that were held since the last call. None within a day of that. They count as told from now on. A caller that
  /// cannot tell of them calls ``untell(_:)``.
  public func takeSuspectsToTell(at now: Timestamp) async throws(StoreFailure) -> [HeldSuspect] {
    try await core.write { (database) throws(SQLiteFailure) in
      try database.takeSuspects(toldSince: now + .seconds(-86_400), at: now)
    }
  }

  public func untell(_ suspects: [HeldSuspect]) async throws(StoreFailure) {
    try await core.write { (database) throws(SQLiteFailure) in try database.untell(suspects) }
  }

  func reportHeld(_ ids: [MailID], because cause: String) {
    for id in ids { core.reportHeld(id.description, cause) }
    if !ids.isEmpty { core.configuration.suspectHeld() }
  }

  static func line(_ text: String) -> String {
    var words = String.UnicodeScalarView()
    words.append(contentsOf: text.unicodeScalars.prefix(500))
    var line = ""
    line.append(escaping: String(words))
    return line
  }
}

/// A line of the record that ``TrapRecord`` writes.
struct RecordedTrap: Hashable, Sendable {
  let mail: MailID
  let signal: Int
  let process: String

  /// Nil for text that is not such a line: a process may have ended within it.
  init?(_ line: some Collection<UInt8>) {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3, let mail = MailID(String(decoding: words[0], as: UTF8.self)),
      let signal = Int(String(decoding: words[1], as: UTF8.self)),
      let owner = LeaseOwner(String(decoding: words[2], as: UTF8.self))
    else { return nil }
    self.mail = mail
    self.signal = signal
    process = owner.description
  }

  var cause: String { "the program was ended by signal \(signal) while it worked on the mail" }
}

extension ContentFolder {
  private var trapRecord: String { MailStore.trapRecord(in: path) }

  /// The recorded traps. Traps that are recorded later stay for the next call.
  private func recordedTraps() throws(FileFailure) -> [RecordedTrap] {
    do throws(FileFailure) {
      let file = try files.openOwnForReading(trapRecord, at: "trap.read")
      let bytes = try file.read(from: 0, upTo: 65_536, at: "trap.read")
      return bytes.readableBytesView.split(separator: UInt8(ascii: "\n")).compactMap { RecordedTrap($0) }
    } catch {
      if error.isNotFound { return [] }
      throw error
    }
  }

  func recordedTrapsOrFailure() -> Result<[RecordedTrap], FileFailure> {
    do throws(FileFailure) { return .success(try recordedTraps()) } catch { return .failure(error) }
  }

  /// Call it when all traps were counted.
  func removeTrapRecord() { try? files.unlink(trapRecord, at: "trap.remove") }
}
