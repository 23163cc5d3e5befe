import MTACore

extension Settings {
  /// Settings of a text that is in no file yet, as if it stood in `path`, with no command line and no environment.
  ///
  /// - Throws: ``SettingsFailure`` with every problem, hashes included.
  package init(text: [UInt8], at path: String) throws(SettingsFailure) {
    let path = PathName.absolute(path)
    let read = SettingsFiles(path, from: InheritedFiles([path: text]))
    let (settings, problems) = try Settings.made(read.reading, overriding: .none)
    let all = read.problems + problems + settings.hashProblems
    if !all.isEmpty { throw SettingsFailure(all) }
    self = settings
  }
}
