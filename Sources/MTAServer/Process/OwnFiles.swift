import MTACore
import MTADelivery
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Checks that files and folders are ours alone. Whoever can change them could make the server do anything.
///
/// They are checked before the first of them is opened. Missing ones are made later, for our user alone.
struct OwnFiles {
  private struct Place {
    let key: String
    let path: String
    /// Programs often get secrets by symbolic links (renewed certificates, containers). Then the link's target is checked.
    var mayBeLink = false
  }

  private let places: [Place]

  init(_ settings: Settings) {
    var places = ["", "-wal", "-shm"].map { Place(key: "database", path: settings.database + $0) }
    places += ["", "/.lock", "/.server", "/.start", "/lost"].map {
      Place(key: "mailQueue", path: settings.mailQueue + $0)
    }
    if case .maildir(let root) = settings.runner.localDelivery {
      places.append(Place(key: "localDelivery", path: root))
    }
    places.append(Place(key: "pidFile", path: settings.pidFile))
    places.append(Place(key: "lockFile", path: settings.lockFile))
    if settings.mtaSTS { places.append(Place(key: "mtaSTSCache", path: settings.mtaSTSCache)) }
    if let log = settings.logFile { places.append(Place(key: "logFile", path: log)) }
    if settings.srsDomain != nil { places.append(Place(key: "srsSecret", path: settings.srsSecret)) }
    if let key = settings.privateKey { places.append(Place(key: "privateKey", path: key, mayBeLink: true)) }
    for files in settings.certificates.values {
      places.append(Place(key: "certificates", path: files.privateKey, mayBeLink: true))
    }
    for key in settings.dkim.values { places.append(Place(key: "dkim", path: key.keyFile, mayBeLink: true)) }
    if let file = settings.smarthostPasswordFile {
      places.append(Place(key: "smarthostPasswordFile", path: file, mayBeLink: true))
    }
    for route in settings.routes.values {
      if let file = route.passwordFile { places.append(Place(key: "routes", path: file, mayBeLink: true)) }
    }
    // The system's own: /dev/null, /dev/stderr.
    self.places = places.filter { !$0.path.utf8.starts(with: "/dev/".utf8) }
  }

  /// - Throws: ``StartFailure``, naming all that are not ours alone, and why.
  func check() throws(StartFailure) {
    let faults = places.compactMap(fault)
    if !faults.isEmpty { throw StartFailure(faults.joined(separator: "\n")) }
  }

  private func fault(_ place: Place) -> String? {
    let files = DurableFiles()
    let status: FileStatus
    do throws(FileFailure) {
      status =
        try place.mayBeLink
        ? files.status(place.path, at: "own.look") : files.statusOfLink(place.path, at: "own.look")
    } catch {
      // What cannot be looked at cannot be opened either, and whoever opens it says so.
      return nil
    }
    if status.isSymbolicLink {
      return "\(place.key): \(place.path) is a symbolic link; name what it leads to"
    }
    let mode = "mode 0" + String(status.mode, radix: 8)
    guard status.owner == 0 || status.owner == geteuid() else {
      return "\(place.key): \(place.path) (\(mode)) belongs to another user, number \(status.owner)"
    }
    guard status.mode & 0o022 == 0 else {
      return "\(place.key): \(place.path) (\(mode)) can be written by others; chmod go-w \(place.path)"
    }
    return nil
  }
}
