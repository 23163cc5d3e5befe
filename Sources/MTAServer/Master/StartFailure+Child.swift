import MTASystem

extension StartFailure {
  /// A child ended before it was ready. What it said stands in the log, and on standard error.
  init(of child: Child, _ end: ChildEnd) {
    let text = "the process \(child) ended before it was ready (\(end)); what it said stands before this"
    if case .exited(let code) = end, code == Kind.held.exitCode || code == Kind.newerDatabase.exitCode {
      self.init(text, code == Kind.held.exitCode ? .held : .newerDatabase)
    } else {
      self.init(text)
    }
  }
}
