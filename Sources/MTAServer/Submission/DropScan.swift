import MTASystem

/// What is in the drop folder. Every user may put files there, so neither their number nor their names are believed: a scan keeps little, and
/// of each user alike.
struct DropScan {
  struct Entry: Hashable, Sendable {
    let name: DropName
    let owner: UInt32
    /// Seconds since 1970.
    let changedAt: Int64
    /// It is a regular file with one name.
    let isFile: Bool
  }

  /// Of one user in one scan: more come with the next, and meanwhile others have their turn.
  static let mostOfOwner = 50
  static let most = 5000
  /// Mails that nobody finished writing in this time, in seconds.
  private static let patience: Int64 = 86_400

  /// Those to be taken in, oldest first.
  private(set) var entries: [Entry] = []
  /// There are more.
  private(set) var isCut = false
  /// Files that were being written, and are to be removed.
  private(set) var leftovers: [Entry] = []
  private var counts: [UInt32: Int] = [:]

  /// - Parameters:
  ///   - now: seconds since 1970.
  ///   - isWanted: whether mail of this user is to be taken in now.
  init(_ folder: OpenFolder, at now: Int64, isWanted: (UInt32) -> Bool) throws(FileFailure) {
    try folder.forEachName(upTo: DropName.longest) { bytes in
      guard let name = DropName(String(decoding: bytes, as: UTF8.self)), let found = try? folder.entry("\(name)") else {
        return true
      }
      let entry = Entry(
        name: name, owner: found.owner, changedAt: found.changedAt, isFile: found.isFile && found.names == 1)
      if name.stage == .new {
        if entry.isFile, now - entry.changedAt > Self.patience, leftovers.count < Self.most { leftovers.append(entry) }
      } else if name.stage != .held, isWanted(entry.owner) {
        take(entry)
      }
      return true
    }
    entries.sort { ($0.changedAt, $0.name.digits) < ($1.changedAt, $1.name.digits) }
  }

  private mutating func take(_ entry: Entry) {
    let count = counts[entry.owner] ?? 0
    guard count < Self.mostOfOwner, entries.count < Self.most else {
      isCut = true
      return
    }
    counts[entry.owner] = count + 1
    entries.append(entry)
  }
}
