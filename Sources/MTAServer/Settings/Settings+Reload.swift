import MTACore
import MTAReceiver

/// What a reload changes, and what it does not.
extension Settings {
  /// The keys of the settings that take effect when a server starts: sockets, the store, the resolver, and what the process is.
  static let waiting: Set<String> = [
    "listeningPorts", "database", "mailQueue", "minimumFreeBytes", "queueLifetime", "queueRunner", "resolvers",
    "trustResolvers", "pidFile",
    "lockFile", "userName", "groupName", "receiverUserName", "receiverPaths", "controlGroup", "controlSocket",
    "isolation", "eventRetention", "eventMaximumBytes", "submitSocket", "maildrop", "submitTrustedUsers",
    "eventsTo", "eventsSecretFile", "eventsOf", "eventsInClear", "eventsTimeLimit", "eventsLifetime",
    "eventsMaximumBytes", "eventsConnections", "contactPrefix", "submitMailsPerHour",
    "submitRecipientsPerHour", "submitConnectionsPerUser",
  ]

  /// The same in a master: what it does itself. All else holds in the processes that a reload starts.
  static let waitingInMaster: Set<String> = [
    "pidFile", "lockFile", "controlGroup", "controlSocket", "logTarget", "logFile", "logFormat", "logRotation",
    "logTimes",
    "submitSocket",
  ]

  /// These settings as a reload puts them in force: what waits for the next start is as in `old`.
  func keepingWhatWaits(of old: Settings) -> Settings {
    var settings = self
    settings.listeningPorts = old.listeningPorts
    settings.database = old.database
    settings.mailQueue = old.mailQueue
    settings.minimumFreeBytes = old.minimumFreeBytes
    settings.queueLifetime = old.queueLifetime
    settings.queueRunner = old.queueRunner
    settings.resolvers = old.resolvers
    settings.trustResolvers = old.trustResolvers
    settings.pidFile = old.pidFile
    settings.lockFile = old.lockFile
    settings.userName = old.userName
    settings.groupName = old.groupName
    settings.receiverUserName = old.receiverUserName
    settings.receiverPaths = old.receiverPaths
    settings.controlGroup = old.controlGroup
    settings.controlSocket = old.controlSocket
    settings.isolation = old.isolation
    settings.receiver.contacts.prefixLength = old.receiver.contacts.prefixLength
    settings.eventRetention = old.eventRetention
    settings.eventMaximumBytes = old.eventMaximumBytes
    settings.webhooks = old.webhooks
    (settings.submitSocket, settings.maildrop) = (old.submitSocket, old.maildrop)
    settings.submitTrustedUsers = old.submitTrustedUsers
    settings.submitMailsPerHour = old.submitMailsPerHour
    settings.submitRecipientsPerHour = old.submitRecipientsPerHour
    settings.submitConnectionsPerUser = old.submitConnectionsPerUser
    return settings
  }

  /// The keys of a settings file that differ and that a reload does not change.
  func keysThatWait(comparedWith old: Settings, among waiting: Set<String> = Self.waiting) -> [String] {
    let keys = Set(given.keys).union(old.given.keys).filter { given[$0] != old.given[$0] }
    return keys.intersection(waiting).sorted()
  }
}
