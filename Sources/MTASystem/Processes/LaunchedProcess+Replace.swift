#if canImport(Glibc)
  import CMTASystem
  import Glibc
#endif

extension LaunchedProcess {
  /// Starts another program over this one (`execve`): the process, its number, its children and the named descriptors go on. All else of
  /// this program ends in this moment, without a word to anybody. Signals of ``SignalHub`` wait for the other program.
  ///
  /// It returns only by throwing; then nothing has changed.
  ///
  /// - Parameters:
  ///   - order: of a ``ProcessRole/master``.
  ///   - path: of the program.
  ///   - environment: variables beside ours; those that are meant for this process alone are left out, as in
  ///     ``spawn(_:program:arguments:environment:output:complaints:descriptors:)``.
  package static func replace(
    _ order: LaunchOrder, by path: String, environment: [String: String], descriptors: [String: Int32]
  ) throws(LaunchFailure) -> Never {
    #if canImport(Glibc)
      var order = order
      order.descriptors = descriptors
      let file = try memoryFile(order.encoded())
      let kept = [file] + descriptors.values
      let variables = inherited(ownVariables(), environment) + ["\(variable)=\(file)"]
      var words: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
      var texts: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
      var code = csystem_block_signals(1)
      if code == 0 {
        if csystem_keep_on_exec(kept, kept.count) == 0 { execve(path, &words, &texts) }
        code = errno
      }
      for descriptor in kept { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
      _ = csystem_block_signals(0)
      close(file)
      for text in words + texts { free(text) }
      throw .system(operation: "start of \(path)", code: code)
    #else
      throw .notOnThisSystem
    #endif
  }

  /// A child of this process that a program before this one started.
  package static func known(_ id: Int32) -> LaunchedProcess? {
    let child = LaunchedProcess(id)
    return DetachedThread.start { child.waitForEnd() } == 0 ? child : nil
  }
}
