import MTAStore

/// The server cannot start. The text names the setting.
public struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String
  public var kind: Kind

  public init(_ description: String, _ kind: Kind = .settings) {
    self.description = description
    self.kind = kind
  }

  /// What the failure is of. There may be more kinds in later versions.
  public struct Kind: Hashable, Sendable {
    /// A code of sysexits.h, for the end of a program that could not start:
    ///
    /// | kind | code | to do |
    /// |---|---|---|
    /// | ``settings`` | 64, EX_USAGE | change the settings |
    /// | ``system`` | 1 | see the text, and try again |
    /// | ``noServer`` | 69, EX_UNAVAILABLE | start it |
    /// | ``held`` | 75, EX_TEMPFAIL | end the other server, or try again |
    /// | ``noPermission`` | 77, EX_NOPERM | be another user |
    /// | ``newerDatabase`` | 78, EX_CONFIG | start the newer program |
    /// | ``switchedOff`` | 78, EX_CONFIG | change the settings |
    public let exitCode: Int32

    /// A setting, or what it names, cannot be used.
    public static let settings = Kind(exitCode: 64)
    /// The system does not give what is needed: a port that another program has, for example.
    public static let system = Kind(exitCode: 1)
    /// There is no server that could be asked.
    public static let noServer = Kind(exitCode: 69)
    /// Another server holds the lock file, or serves the queue. The text has the number of its process, if that is known.
    public static let held = Kind(exitCode: 75)
    /// The server does not do that for this user.
    public static let noPermission = Kind(exitCode: 77)
    /// The settings say that there is none of what is asked for.
    public static let switchedOff = Kind(exitCode: 78)
    /// The database was written by a newer program.
    public static let newerDatabase = Kind(exitCode: 78)
  }

  /// The code of ``kind``.
  public var exitCode: Int32 { kind.exitCode }
}

extension StartFailure {
  init(_ failure: MailStore.OpenFailure) {
    if case .newerVersion = failure.reason {
      self.init("database: \(failure)", .newerDatabase)
    } else {
      self.init("database: \(failure)")
    }
  }
}
