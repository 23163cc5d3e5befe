public import MTACore
public import MTASystem

extension MailStore {
  /// Where the store is, and its limits.
  public struct Configuration: Sendable {
    /// Path of the SQLite file. It is made with mode 0600 when missing, its folder with 0700.
    public var database: String
    /// The folder for large content. It is made with mode 0700 when missing.
    public var queue: String
    /// Bytes of arriving content that are kept in memory. Content beyond that goes to a file as it comes. Default 128 KiB.
    public var spillThreshold = 131_072
    /// Content up to this number of bytes is kept in the database, larger content in a file of the queue folder. Default 128 KiB. A
    /// file costs a name, which must be made, synced and removed again.
    public var contentInDatabase = 131_072
    /// Bytes of mails that stay in memory after their commit until a runner of this process takes them. The runner then need not read
    /// them back. Default 8 MiB; 0 keeps none.
    public var freshMails = 8_388_608
    /// The first lane of a parcel, before its runner says another. `LaneNames` of MTADelivery says what a runner with routes and a
    /// smarthost uses. Default: ``EnvelopeRecipient/firstLane``. Called on any thread; must return at once.
    public var lane: @Sendable (EnvelopeRecipient) -> String = { $0.firstLane }
    /// How long parcels are tried before they expire. Default 5 days (RFC 5321 §4.5.4.1).
    public var queueLifetime: Duration = .seconds(432_000)
    /// How long the rows of finished mails stay. Default 7 days.
    public var historyRetention: Duration = .seconds(604_800)
    /// How long contacts stay after they were last seen, if they are not locked out, and the networks of logins after the last login.
    /// Default 30 days.
    public var contactRetention: Duration = .seconds(2_592_000)
    /// As of ``MTACore/ContactPolicy``. Default 64.
    public var contactPrefix = ContactKey.prefixLength
    /// Threads that write and read content files. Default 4.
    public var fileThreads = 4
    /// How long to wait while another process holds the database. Default 10 seconds.
    public var busyTimeout: Duration = .seconds(10)
    /// The clock for changes of contacts and the end of history.
    public var clock: any WallClock = SystemClock()
    /// Gets news for an operator. Called on any thread; must return at once.
    public var notice: @Sendable (Notice) -> Void = { _ in }
    /// Gets every durable write. Called on the thread that writes; must return at once. Default: nil.
    public var committed: (@Sendable (StoreCommit) -> Void)?
    /// Called when a mail is held because our own work on it broke off twice (``MailStore/takeSuspectsToTell(at:)``). Called on any
    /// thread; must return at once.
    public var suspectHeld: @Sendable () -> Void = {}
    /// Called when a mail is held because its content does not match its checksum. Called on any thread; must return at once.
    public var contentDamaged: @Sendable (MailID) -> Void = { _ in }
    /// How long after the start history is first cleaned.
    package var historyDelay: Duration = .seconds(1)
    /// How long to wait after a failed salvage in use, before the next.
    package var repairPause: Duration = .seconds(10)
    /// Free pages that the file keeps for mail to come.
    package var sparePages = 16_384
    /// Nil in production.
    public var faults: FaultPlan?

    public init(database: String, queue: String) {
      self.database = database
      self.queue = queue
    }
  }

  /// One line for the log.
  public struct Notice: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// Whether an operator should act. Otherwise the notice is only a record.
    public let isTrouble: Bool

    init(_ description: String, isTrouble: Bool) {
      self.description = description
      self.isTrouble = isTrouble
    }
  }

  /// Counts since the store was opened.
  public struct Statistics: Hashable, Sendable {
    /// Transactions committed, each with one sync.
    public internal(set) var transactions = 0
    /// Mails made durable.
    public internal(set) var mails = 0
    /// Writes of any kind, mails among them.
    public internal(set) var jobs = 0
    public internal(set) var checkpoints = 0
    /// How often the database was closed and opened again after a failure.
    public internal(set) var reopenings = 0

    init() {}
  }

  /// Why the store could not be opened.
  public struct OpenFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
      /// Folder or file cannot be made or written.
      case notWritable
      /// The file is not a queue of this system.
      case notOurDatabase
      /// The file is a database whose content contradicts itself.
      case damaged
      /// The file was written by a later version of this program.
      case newerVersion(found: Int, supported: Int)
      case failed
    }

    public let reason: Reason
    public let path: String
    /// What the system said.
    public let detail: String

    public var description: String {
      let text =
        switch reason {
        case .notWritable: "cannot be written"
        case .notOurDatabase: "is not a queue database of this program"
        case .damaged: "is damaged"
        case .newerVersion(let found, let supported):
          "is of version \(found), written by a newer program; this one knows versions up to \(supported)"
        case .failed: "cannot be opened"
        }
      return detail.isEmpty ? "\(path) \(text)" : "\(path) \(text): \(detail)"
    }
  }
}
