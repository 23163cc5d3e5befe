import MTACore

extension SettingsTable {
  static let submission: [Setting] = [
    .optionalPath(
      "submitSocket", \.submitSocket,
      """
      The Unix socket at which users of this machine hand in mail, by `send`: `/run/swift-mta/submit`, for example. Every user may \
      connect; the kernel says who it is. At most 100 octets. `none`: there is none.
      """),
    .optionalPath(
      "maildrop", \.maildrop,
      """
      The folder into which `send` puts the mail of users while no server runs: `/var/spool/swift-mta/maildrop`, for example. It \
      gets mode 1733, and a server that was started as root takes in what is there. `none`: such mail is refused.
      """),
    .texts(
      "submitTrustedUsers", \.submitTrustedUsers, "list of users",
      """
      Users of this machine, by name or number, who may send from every address, without limits, as root may. Others send \
      from `USER@serverName` alone.
      """),
    .count(
      "submitMailsPerHour", \.submitMailsPerHour, 0...10_000_000, unit: "mails",
      "Of one user of this machine; 0 is no limit."),
    .count(
      "submitRecipientsPerHour", \.submitRecipientsPerHour, 0...100_000_000, unit: "recipients",
      "Of one user of this machine; 0 is no limit."),
    .count(
      "submitConnectionsPerUser", \.submitConnectionsPerUser, 1...10_000, unit: "connections",
      "Connections at a time from one user of this machine."),
  ]
}

extension Setting {
  /// Texts that are not empty.
  static func texts(_ key: String, _ place: Place<[String]>, _ type: String, _ meaning: String) -> Setting {
    Setting(key, .list(numbers: false), type: type, initial: "`[]`", meaning) {
      $0.list(key, "texts that are not empty", into: &$1[keyPath: place]) { SettingsReader.text($0) }
    }.shown { .list($0[keyPath: place].map { .text($0) }) }
  }
}
