/// What one user of this machine may hand in. Root and ``Settings/submitTrustedUsers`` have no limits.
struct SubmitLimits: Hashable, Sendable {
  /// Mails in an hour; 0 for no limit.
  var mails = 1000
  /// Recipients of all mails in an hour; 0 for no limit.
  var recipients = 10_000
  /// Connections at a time.
  var connections = 20

  init() {}

  init(_ settings: Settings) {
    (mails, recipients) = (settings.submitMailsPerHour, settings.submitRecipientsPerHour)
    connections = settings.submitConnectionsPerUser
  }
}
