import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MailServer {
  /// What a running server may be asked for.
  public struct Request: Hashable, Sendable {
    let signal: Int32

    /// Reads settings and certificates anew, as ``MailServer/reload()``.
    public static let reload = Request(signal: SIGHUP)
    /// Starts the program anew, as ``MailServer/upgrade()``.
    public static let upgrade = Request(signal: SIGUSR2)
    /// Ends in order.
    public static let stop = Request(signal: SIGTERM)
  }

  /// Asks the server that runs with these settings, found by its lock file. The server's log tells what comes of it.
  ///
  /// ```swift
  /// let process = try MailServer.send(.reload, to: settings)
  /// print("process \(process) reloads")
  /// ```
  ///
  /// - Returns: the number of its process.
  /// - Throws: ``StartFailure`` of kind ``StartFailure/Kind/noServer`` if none runs, or if it belongs to another user.
  @discardableResult
  public static func send(_ request: Request, to settings: Settings) throws(StartFailure) -> Int32 {
    guard let process = try LockFile.server(settings, DurableFiles()) else {
      throw StartFailure("lockFile: no server holds \(settings.lockFile)", .noServer)
    }
    guard kill(process, request.signal) == 0 else {
      throw StartFailure("process \(process) cannot be asked: \(String(cString: strerror(errno)))", .noServer)
    }
    return process
  }
}
