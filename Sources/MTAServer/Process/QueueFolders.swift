import MTADelivery
import MTASystem

/// The folders in which the queue process writes. They are there before it starts: its user may make none where they lie, and its rules
/// for files name what exists.
struct QueueFolders {
  struct Place: Hashable {
    let key: String
    let path: String
    /// The folder itself is the setting, and the server's alone; others hold files that are.
    var isOwn = false
    /// A file that is made only where it is missing.
    var file: String?
  }

  let places: [Place]
  private let owners: FileOwners

  /// - Parameter parts: what the program brings of its own needs no folder.
  init(_ settings: Settings, _ parts: MailServer.Parts = MailServer.Parts()) {
    owners = FileOwners(settings)
    var places: [Place] = []
    func add(_ key: String, holding file: String, once: Bool = false) {
      places.append(Place(key: key, path: DurableFiles.parent(of: file), file: once ? file : nil))
    }
    if parts.store == nil {
      add("database", holding: settings.database)
      places.append(Place(key: "mailQueue", path: settings.mailQueue, isOwn: true))
    }
    if parts.localAgent == nil, case .maildir(let root) = settings.runner.localDelivery {
      places.append(Place(key: "localDelivery", path: root, isOwn: true))
    }
    if settings.mtaSTS { add("mtaSTSCache", holding: settings.mtaSTSCache) }
    if settings.srsDomain != nil { add("srsSecret", holding: settings.srsSecret, once: true) }
    self.places = places
  }

  /// Makes missing ones, with mode 0700.
  ///
  /// - Parameter owner: whose they become and must be; nil: this process's user, as all that it makes.
  /// - Throws: ``StartFailure``, naming each that cannot be made or belongs to somebody else: with setting, path and owner.
  func make(for owner: LaunchOrder.Owner?) throws(StartFailure) {
    let faults = faults(for: owner, isTrial: false)
    if !faults.isEmpty { throw StartFailure(faults.joined(separator: "\n")) }
  }

  /// What ``make(for:)`` would throw: a line each, beginning with the key.
  func faults(for owner: LaunchOrder.Owner?) -> [String] { faults(for: owner, isTrial: true) }

  /// What ``faults(for:)`` will say once this process has made what is missing itself: it may do so in a folder that is sticky, as `/tmp`.
  func faultsAhead(for owner: LaunchOrder.Owner?) -> [String] { faults(for: owner, isTrial: true, isAhead: true) }

  private func faults(for owner: LaunchOrder.Owner?, isTrial: Bool, isAhead: Bool = false) -> [String] {
    places.compactMap { place in
      do throws(FileFailure) {
        let status = try DurableFiles().status(place.path, at: "folders.look")
        guard status.isDirectory else { return "\(place.key): \(place.path) is no folder" }
        return owner.flatMap { fault(place, status, $0) }
      } catch {
        guard error.isNotFound else { return "\(place.key): \(error)" }
        return missing(place, owner, isTrial: isTrial, isAhead: isAhead)
      }
    }
  }

  private func fault(_ place: Place, _ status: FileStatus, _ owner: LaunchOrder.Owner) -> String? {
    if status.owner == owner.user { return nil }
    if let file = place.file, (try? DurableFiles().statusOfLink(file, at: "folders.look")) != nil { return nil }
    // Others may write root's own, by its mode: /tmp, or a folder of a group.
    if status.owner == 0, !place.isOwn, status.mode & 0o022 != 0 { return nil }
    return
      "\(place.key): the folder \(place.path) (\(FileOwners.mode(status))) belongs to user number \(status.owner), "
      + "and not to userName; chown \(owner.user):\(owner.group) \(place.path)"
  }

  private func missing(_ place: Place, _ owner: LaunchOrder.Owner?, isTrial: Bool, isAhead: Bool) -> String? {
    guard let owner else {
      if isTrial { return nil }
      do throws(FileFailure) { try DurableFiles().makeDirectories(place.path, at: "folders.make") } catch {
        return "\(place.key): \(error)"
      }
      return nil
    }
    do throws(GivingFailure) {
      try DurableFiles().makeDirectories(
        PathName.absolute(place.path), givenTo: owner.user, owner.group, isTrial: isTrial, at: "folders.make",
        canStrangersWrite: owners.letStrangersWrite)
    } catch {
      switch error {
      case .file(let failure): return "\(place.key): \(failure)"
      case .link(let link):
        return "\(place.key): there is no folder \(place.path), and \(link) is a symbolic link; name what it leads to"
      case .strangers(_, let status) where isAhead && status.mode & 0o1000 != 0: return nil
      case .strangers(let folder, let status):
        return "\(place.key): there is no folder \(place.path), and none is made for root below \(folder) "
          + "(\(FileOwners.mode(status)), user number \(status.owner)), which others can write; make it, and give it to userName"
      }
    }
    return nil
  }
}

extension Settings {
  /// What the folders above those of a new server will prevent: a sentence each. For `setup`, before it writes anything.
  package var folderFaultsAhead: [String] {
    guard effectiveIsolation != .inProcess, let rights = try? ChildRights(self) else { return [] }
    return QueueFolders(self).faultsAhead(for: rights.queue.owner)
  }
}
