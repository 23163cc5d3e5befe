import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Finds the settings file where a command names none.
///
/// `mta.json` of the working folder counts if it is this user's or root's, and no one else can write it. So whoever can write to a folder
/// does not choose the settings of an operator who happens to be in it.
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
      guard stat(place, &status) == 0 else { continue }
      let isForeign = status.st_uid != geteuid() && status.st_uid != 0 || status.st_mode & 0o022 != 0
      if isForeign, !place.hasPrefix("/") {
        throw Failure(
          text: "\(place): other users can write it, so it is read only if you say --config \(place)")
      }
      return place
    }
    throw Failure(
      text:
        "there is no settings file: MTA_CONFIG is not set, and neither \(places.joined(separator: " nor ")) is there; say --config FILE"
    )
  }
}
