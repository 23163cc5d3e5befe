import MTAStore

extension MailServer {
  /// Saves what can be read of a damaged database of ours. No server and no queue run may be at work on it. A store of the program's own
  /// has its own ways.
  ///
  /// - Parameters:
  ///   - damaged: a file that was set aside, whose mails are added to the queue; nil: the database that the settings name is looked
  ///     through and, if it is damaged, set aside and its rows carried over.
  ///   - notice: told, line by line, what else an operator should know.
  /// - Returns: what was saved, some lines of text; nil when nothing is wrong with the database that the settings name.
  /// - Throws: ``StartFailure``.
  public static func salvage(
    _ settings: Settings, _ parts: Parts = Parts(), from damaged: String? = nil,
    notice: @escaping @Sendable (String) -> Void
  )
    throws -> String?
  {
    if parts.store != nil {
      throw StartFailure("database: this program has a store of its own, which cannot be salvaged")
    }
    try OwnFiles(settings).check()
    var configuration = settings.store
    configuration.notice = { notice($0.description) }
    do { return try MailStore.salvage(configuration, from: damaged)?.description } catch {
      throw StartFailure("database: \(error)")
    }
  }
}
