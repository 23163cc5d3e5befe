import MTASystem

/// The folders of a server that is a service of this machine. The package makes them, and so does `Deploy/tmpfiles.conf`.
///
/// The unit file lets the server write in these alone. So `setup` has all that the server writes there, if root makes settings in the place
/// where all commands find them.
enum ServicePlaces {
  static let settings = "/etc/mta"
  /// Database, queue and mail: of the server's user.
  static let state = "/var/lib/swift-mta"
  /// Root's: the files of a running server.
  static let running = "/run/swift-mta"
  /// Root's: the drop folder is in it.
  static let spool = "/var/spool/swift-mta"

  static var areThere: Bool {
    [state, running, spool].allSatisfy { (try? DurableFiles().statusOfLink($0, at: "setup.look"))?.isDirectory == true }
  }
}
