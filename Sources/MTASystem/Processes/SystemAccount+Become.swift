#if canImport(Glibc)
  import CMTASystem
  import Glibc
#endif

extension SystemAccount {
  /// This process, with all its threads, becomes another user, for good: it tries to come back, and fails. It has no groups beside `group`,
  /// and no debugger of that user may look into it.
  ///
  /// - Throws: ``Failure/stays(_:code:)``. Then the process may be in between, and should end.
  package static func become(user: UInt32, group: UInt32) throws(Failure) {
    #if canImport(Glibc)
      guard let fault = csystem_become(user, group) else { return }
      let code = errno
      throw .stays(String(cString: fault), code: code)
    #else
      throw .stays("a process can become another user on Linux alone", code: 0)
    #endif
  }
}
