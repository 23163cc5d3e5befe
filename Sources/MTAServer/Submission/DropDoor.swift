import MTASystem

/// Opens mails in the drop folder. They are files of their senders, for their eyes alone, so this is the one step that needs root: a master
/// takes it for its queue process, and reads nothing of them.
struct DropDoor: Sendable {
  /// Why a file is no mail to be taken in.
  enum Refusal: Error, Hashable, Sendable {
    /// It is gone, or this process may not read it: a code of the system.
    case system(Int32)
    /// A link, a folder, a pipe or the like; or a file with further names.
    case form
    /// Others than its owner can read or write it.
    case mode
  }

  let folder: String

  func open(_ name: DropName) -> Result<OwnedDescriptor, Refusal> {
    do throws(FileFailure) {
      // A second name may be that of a file that its owner never meant to send.
      guard let (file, entry) = try OpenFolder(folder).file("\(name)"), entry.names == 1 else { return .failure(.form) }
      return entry.mode == 0o600 ? .success(file) : .failure(.mode)
    } catch { return .failure(.system(error.code)) }
  }
}
