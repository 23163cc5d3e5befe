public import MTACore
import NIOConcurrencyHelpers

/// The owners of leases, each with a file of its own in a folder beside the mails. An owner lives as long as it holds a lock on its
/// file.
///
/// The kernel gives the lock back when the process ends, however it ends. So nobody need see another's process, which may be hidden
/// (`ProtectProc=invisible`, Landlock), or have its number in another container. Everybody needs the folder, on a file system of this
/// machine.
///
/// A file has its name only once it is locked, and a name is never used again. So a file under its name without a lock is that of a
/// dead owner, and anybody may remove it.
public final class LeaseFolder: LeaseRegistry {
  /// ``MTACore/LeaseOwner/place`` of these owners.
  public static let place = "queue"
  private static let arriving = ".new"

  private let path: String
  private let files: DurableFiles
  private let strangersLive: Bool
  private let held = NIOLockedValueBox<[LeaseOwner: DurableFile]>([:])

  /// - Parameters:
  ///   - path: the folder. It is made when missing, with mode 0700.
  ///   - strangersLive: whether owners of another place live. Such leases are of a program that knew no such folder.
  public init(_ path: String, files: DurableFiles = DurableFiles(), strangersLive: Bool = false) {
    self.path = path
    self.files = files
    self.strangersLive = strangersLive
  }

  public func enter() throws(StoreFailure) -> LeaseOwner {
    do throws(FileFailure) {
      try files.makeDirectories(path, at: "owner.folder")
      sweep()
      for _ in 1...100 {
        let owner = LeaseOwner.ofThisProcess(at: Self.place)
        guard let file = try lockedFile(of: owner) else { continue }
        held.withLockedValue { $0[owner] = file }
        return owner
      }
    } catch { throw error.isNoSpace ? .noSpace : .failed(error.description) }
    throw .failed("\(path): files that are made here vanish")
  }

  public func leave(_ owner: LeaseOwner) {
    guard let file = held.withLockedValue({ $0.removeValue(forKey: owner) }) else { return }
    // What resists is removed by the next one who enters.
    try? files.unlink(path + "/" + name(of: owner), at: "owner.remove")
    withExtendedLifetime(file) {}
  }

  public func isAlive(_ owner: LeaseOwner) -> Bool {
    guard owner.place == Self.place else { return strangersLive }
    do throws(FileFailure) { return try isLocked(name(of: owner)) } catch {
      guard error.isNotFound else { return true }
      // Without the folder nothing is known. With it the file is gone for good.
      let folder = try? files.status(path, at: "owner.look")
      return folder?.isDirectory != true
    }
  }

  /// Of numbers alone, for the owner may come from a damaged row.
  private func name(of owner: LeaseOwner) -> String { "\(owner.process)-\(owner.mark)-\(owner.runner)" }

  /// Nil if another one took the file for that of a dead owner before it was locked.
  private func lockedFile(of owner: LeaseOwner) throws(FileFailure) -> DurableFile? {
    let final = path + "/" + name(of: owner)
    let arriving = final + Self.arriving
    // Others may look at it, even those whose user differs.
    let file = try files.create(arriving, mode: 0o644, at: "owner.create")
    do throws(FileFailure) {
      guard try file.hold(at: "owner.lock") else { return nil }
      try files.rename(arriving, to: final, at: "owner.name")
      return file
    } catch {
      if error.isNotFound { return nil }
      try? files.unlink(arriving, at: "owner.remove")
      throw error
    }
  }

  private func isLocked(_ name: String) throws(FileFailure) -> Bool {
    try files.openOwnForReading(path + "/" + name, at: "owner.look").isHeld(at: "owner.look")
  }

  /// Removes files of the dead. What resists harms nobody.
  private func sweep() {
    guard let names = try? files.names(in: path, at: "owner.list") else { return }
    for name in names where Self.isOurs(name) {
      if let isLocked = try? isLocked(name), !isLocked { try? files.unlink(path + "/" + name, at: "owner.sweep") }
    }
  }

  private static func isOurs(_ name: String) -> Bool {
    let stem = name.hasSuffix(arriving) ? name.dropLast(arriving.count) : name[...]
    return stem.split(separator: "-").count == 3 && stem.utf8.allSatisfy { $0 == 0x2d || (0x30...0x39).contains($0) }
  }
}
