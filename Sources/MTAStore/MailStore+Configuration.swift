public import MTACore
public import MTASystem

extension MailStore {
  /// Where the store is, and its bounds.
  public struct Configuration: Sendable {
    /// Path of the SQLite file. It is made with mode 0600 when missing, its folder with 0700.
    public var database: String
    /// The folder for large content; made with mode 0700 when missing.
    public var queue: String
    /// Bytes of arriving content kept in memory; beyond, it is written to a file as it comes. Default 128 KiB.
    public var spillThreshold = 131_072
    /// Bytes of content up to which it lies in the database; larger content is a file of the queue folder.
    /// Default 128 KiB: a file of its own costs a name that is made, synced and removed again.
    public var contentInDatabase = 131_072
    /// Bytes of mails that are kept in memory after their commit, until a runner of this process takes them: it then reads nothing back.
    /// Default 8 MiB; none with zero.
    public var freshMails = 8_388_608
    /// The lane of a parcel of which its runner knows nothing yet: `LaneNames` of MTADelivery says what a runner with routes and a smarthost
    /// will. Default: ``EnvelopeRecipient/firstLane``. Called on any thread; must return at once.
    public var lane: @Sendable (EnvelopeRecipient) -> String = { $0.firstLane }
    /// How long parcels are tried before they expire. Default 5 days (RFC 5321 §4.5.4.1).
    public var queueLifetime: Duration = .seconds(432_000)
    /// How long the rows of finished mails stay. Default 7 days.
    public var historyRetention: Duration = .seconds(604_800)
    /// How long a contact that is not seen any more, nor locked out, is remembered, and the network of a login. Default 30 days.
    public var contactRetention: Duration = .seconds(2_592_000)
    /// Threads that write and read content files. Default 4.
    public var fileThreads = 4
    /// How long to wait for another process that holds the database. Default 10 seconds.
    public var busyTimeout: Duration = .seconds(10)
    /// Tells when contacts were changed and history ends.
    public var clock: any WallClock = SystemClock()
    /// Told of what an operator should know. Called on any thread; must return at once.
    public var notice: @Sendable (Notice) -> Void = { _ in }
    /// Told when a mail is held because our own work broke off at it twice (``MailStore/takeSuspectsToTell(at:)``). Called on any
    /// thread; must return at once.
    public var suspectHeld: @Sendable () -> Void = {}
    /// How long after the start old history is first looked for.
    package var historyDelay: Duration = .seconds(1)
    /// How long a salvage in use that failed is not tried again.
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
    /// Whether an operator should look; otherwise it is said for the record.
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
      /// The file is something else than a queue of this system.
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
