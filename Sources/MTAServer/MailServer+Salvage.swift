import MTAStore

extension MailServer {
  /// Salvages a damaged database of ours. Stop the server and all queue runs first. A store of another kind needs its own way. As root it
  /// becomes the user of the settings: see ``runQueue(_:_:)``. Then that user must be able to read `damaged`.
  ///
  /// - Parameters:
  ///   - damaged: a file that was set aside; its mails are added to the queue. Nil: the database of the settings is checked. If it is
  ///     damaged, it is set aside and its rows are carried over.
  ///   - notice: gets further news for an operator, line by line.
  /// - Returns: some lines of text about what was saved; nil when the database of the settings is whole.
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
    try CommandIdentity.take(settings, parts)
    var configuration = settings.store
    configuration.notice = { notice($0.description) }
    do { return try MailStore.salvage(configuration, from: damaged)?.description } catch { throw StartFailure(error) }
  }
}
