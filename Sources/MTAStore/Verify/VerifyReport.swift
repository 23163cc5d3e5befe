extension MailStore {
  /// What a look at database and content files found.
  public struct VerifyReport: Hashable, Sendable {
    /// Something that is wrong.
    public struct Problem: Hashable, Sendable {
      public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The database contradicts itself.
        case database
        /// Content, or its file, is not there.
        case missing
        /// Content has another size than its mail.
        case size
        /// Content does not match its checksum.
        case checksum
        /// The disk cannot read it.
        case unreadable
        /// The envelope cannot be read.
        case envelope
      }

      public let kind: Kind
      /// The id of the mail; nil where it is none of a mail.
      public let mail: String?
      public let text: String
    }

    /// Mails in the database, those that are done among them.
    public internal(set) var mails = 0
    /// Mails whose content is in a file.
    public internal(set) var files = 0
    /// Bytes of content that were read.
    public internal(set) var bytes = 0
    /// Mails whose content was read and matches its checksum.
    public internal(set) var matching = 0
    /// Mails whose content was read and has no checksum: they are from a version before, or were released by force.
    public internal(set) var withoutChecksum = 0
    /// Files of mail that was arriving.
    public internal(set) var arriving = 0
    /// Files that no mail names. The next start of a server removes them. The first thousand.
    public internal(set) var leftovers: [String] = []
    /// The first thousand.
    public internal(set) var problems: [Problem] = []
    public internal(set) var problemCount = 0

    public var isWhole: Bool { problemCount == 0 }

    public init() {}

    mutating func add(_ kind: Problem.Kind, of mail: String? = nil, _ text: String) {
      problemCount += 1
      if problems.count < 1000 { problems.append(Problem(kind: kind, mail: mail, text: text)) }
    }
  }
}
