import MTASystem

/// Whom a command becomes that root starts. Files that it left to root could not be written by the server.
///
/// Before that it does what root alone may: it opens the log, reads the secrets that it needs, and makes missing folders. The processes
/// of a server take their rights otherwise, see `LaunchOrder`.
enum CommandIdentity {
  /// This whole process becomes the user of the settings, for good, if it is root's and the settings name one. Nothing happens where they
  /// name none, or say `inProcess`. Call it before anything of the queue is opened.
  ///
  /// - Parameter readsSecrets: reads the keys and passwords of deliveries before, from which `InheritedFiles` then has them.
  /// - Throws: ``StartFailure``, naming the setting. Then the process should end.
  static func take(
    _ settings: Settings, _ parts: MailServer.Parts, readsSecrets: Bool = false
  ) throws(StartFailure) {
    guard let identity = try wanted(settings) else { return }
    // All that the master starts would lose its rights with it.
    if ProcessRole.current == .master {
      throw StartFailure(
        "userName: a command becomes that user, and this process is the master of a server; run the command as a process of its own"
      )
    }
    if readsSecrets { InheritedFiles.shared.inherit(try settings.filesForQueue()) }
    try QueueFolders(settings, parts).make(for: LaunchOrder.Owner(user: identity.user, group: identity.group))
    do throws(SystemAccount.Failure) {
      try SystemAccount.become(user: identity.user, group: identity.group)
    } catch { throw StartFailure("userName: \(error)") }
  }

  /// The log of a command. It is opened before the command becomes the user of the settings, for the file is the master's.
  ///
  /// - Throws: ``StartFailure`` or ``SettingsFailure``, naming the setting.
  static func take(
    _ settings: Settings, logging parts: MailServer.Parts, readsSecrets: Bool = false
  ) throws -> Logs {
    try OwnFiles(settings).check()
    let logs = try Logs(settings, parts.logger)
    try take(settings, parts, readsSecrets: readsSecrets)
    return logs
  }

  /// Nil: this process stays who it is.
  ///
  /// - Throws: ``StartFailure`` naming each setting that is missing, or whose user or group does not exist.
  static func wanted(_ settings: Settings, isRoot: Bool = Accounts.isRoot) throws(StartFailure) -> RootIdentity? {
    guard isRoot, !LaunchOrder.isChild, settings.isolation != .inProcess,
      settings.userName != nil || settings.groupName != nil
    else { return nil }
    if let refusal = settings.rootRefusal(isRoot: isRoot) { throw refusal }
    return try RootIdentity(settings)
  }
}
