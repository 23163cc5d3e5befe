import MTACore
import MTADelivery
import MTASystem

/// Checks that files and folders are ours alone. Whoever can change them could make the server do anything, and whoever can read secrets
/// could do it in our name.
///
/// They are checked before the first of them is opened. Missing ones are made later, for our user alone.
struct OwnFiles {
  struct Place {
    let key: String
    let path: String
    /// Programs often get secrets by symbolic links (renewed certificates, containers). Then the link's target is checked.
    var mayBeLink = false
    /// Strangers may not read it either.
    var isSecret = false
  }

  let places: [Place]
  private let owners: FileOwners
  private let allowsReaders: Bool

  init(_ settings: Settings) {
    owners = FileOwners(settings)
    allowsReaders = settings.allowInsecureFiles
    var places = ["", "-wal", "-shm"].map { Place(key: "database", path: settings.database + $0) }
    if settings.eventKeeping != nil {
      places += ["", "-wal", "-shm"].map { Place(key: "database", path: settings.eventPath + $0) }
    }
    if settings.webhooks.target != nil {
      places += ["", "-wal", "-shm"].map { Place(key: "database", path: settings.webhookPath + $0) }
    }
    places += ["", "/.lock", "/.server", "/.start", "/.owners", "/lost"].map {
      Place(key: "mailQueue", path: settings.mailQueue + $0)
    }
    if case .maildir(let root) = settings.runner.localDelivery {
      places.append(Place(key: "localDelivery", path: root))
    }
    places.append(Place(key: "pidFile", path: settings.pidFile))
    places.append(Place(key: "lockFile", path: settings.lockFile))
    if settings.mtaSTS { places.append(Place(key: "mtaSTSCache", path: settings.mtaSTSCache)) }
    if let log = settings.logFile { places.append(Place(key: "logFile", path: log)) }
    if settings.srsDomain != nil { places.append(Place(key: "srsSecret", path: settings.srsSecret, isSecret: true)) }
    places += settings.secretFiles.map { Place(key: $0.key, path: $0.path, mayBeLink: true, isSecret: true) }
    // The system's own: /dev/null, /dev/stderr.
    self.places = places.filter { !$0.path.utf8.starts(with: "/dev/".utf8) }
  }

  /// - Throws: ``StartFailure``, naming all that are not ours alone, and why.
  func check() throws(StartFailure) {
    let faults = faults
    if !faults.isEmpty { throw StartFailure(faults.joined(separator: "\n")) }
  }

  /// What prevents a start: a line each, beginning with the key.
  var faults: [String] {
    places.compactMap { place in status(of: place).flatMap { fault(place, $0) } } + (allowsReaders ? [] : readable)
  }

  /// What does not prevent it, because ``Settings/allowInsecureFiles`` says so.
  var warnings: [String] { allowsReaders ? readable : [] }

  /// Secrets that strangers may read.
  private var readable: [String] {
    places.compactMap { place in
      guard place.isSecret, let status = status(of: place), owners.letStrangersRead(status) else { return nil }
      return "\(place.key): \(place.path) (\(FileOwners.mode(status))) is a secret that others can read; "
        + "chmod go-r \(place.path)"
    }
  }

  /// Nil for one that cannot be looked at: it cannot be opened either, and whoever opens it says so.
  private func status(of place: Place) -> FileStatus? {
    let files = DurableFiles()
    return place.mayBeLink
      ? try? files.status(place.path, at: "own.look") : try? files.statusOfLink(place.path, at: "own.look")
  }

  private func fault(_ place: Place, _ status: FileStatus) -> String? {
    if status.isSymbolicLink {
      return "\(place.key): \(place.path) is a symbolic link; name what it leads to"
    }
    let mode = FileOwners.mode(status)
    guard owners.mayOwn(status) else {
      return "\(place.key): \(place.path) (\(mode)) belongs to another user, number \(status.owner)"
    }
    guard status.mode & 0o022 == 0 else {
      return "\(place.key): \(place.path) (\(mode)) can be written by others; chmod go-w \(place.path)"
    }
    return nil
  }
}

extension Settings {
  /// Files with keys and passwords, which others make: with the setting that names each.
  var secretFiles: [(key: String, path: String)] {
    var files: [(key: String, path: String)] = []
    func add(_ key: String, _ path: String?) { if let path { files.append((key, path)) } }
    add("privateKey", privateKey)
    for (_, pair) in certificates.sorted(by: { $0.key < $1.key }) { add("certificates", pair.privateKey) }
    for (_, key) in dkim.sorted(by: { $0.key.description < $1.key.description }) { add("dkim", key.keyFile) }
    add("smarthostPasswordFile", smarthostPasswordFile)
    for (_, route) in routes.sorted(by: { $0.key < $1.key }) { add("routes", route.passwordFile) }
    add("contentFilterPasswordFile", contentFilterPasswordFile)
    add("eventsSecretFile", webhooks.secretFile)
    return files
  }
}
