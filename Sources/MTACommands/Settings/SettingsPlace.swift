import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Finds the settings file where a command names none.
///
/// `mta.json` of the working folder counts if it is a file of this user or root, in a folder of this user or root, and no one else can write
/// either. So whoever can write to a folder does not choose the settings of an operator who happens to be in it.
enum SettingsPlace {
  struct Failure: Error, Hashable {
    var text: String
  }

  /// Behind the environment's.
  static let places = ["mta.json", "/etc/mta/mta.json"]

  static func find(
    environment: String? = getenv("MTA_CONFIG").map { String(cString: $0) }, in places: [String] = places
  ) throws(Failure) -> String {
    if let environment, !environment.isEmpty { return environment }
    for place in places {
      var status = stat()
      guard lstat(place, &status) == 0 else {
        // In a folder that this user may not enter: it is the place all the same.
        if errno == EACCES, place.hasPrefix("/") { return place }
        continue
      }
      if !place.hasPrefix("/") {
        guard status.st_mode & S_IFMT == S_IFREG else {
          throw Failure(text: "\(place): is no regular file, so it is read only if you say --config \(place)")
        }
        guard isOwn(status), stat(".", &status) == 0, isOwn(status) else {
          throw Failure(
            text: "\(place): other users can write it or its folder, so it is read only if you say --config \(place)")
        }
      }
      return place
    }
    throw Failure(
      text:
        "there is no settings file: MTA_CONFIG is not set, and neither \(places.joined(separator: " nor ")) is there; say --config FILE"
    )
  }

  private static func isOwn(_ status: stat) -> Bool {
    // Many systems give each user a group alone, which may write.
    let isOpen = status.st_mode & 0o002 != 0 || status.st_mode & 0o020 != 0 && status.st_gid != getegid()
    return (status.st_uid == geteuid() || status.st_uid == 0) && !isOpen
  }
}
