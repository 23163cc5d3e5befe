/// Which copies of the queue an operator means. All conditions must hold; of a list, one of its members.
///
/// ```swift
/// var late = QueueSelection()
/// late.domains = ["example.com"]
/// late.createdBefore = now - .seconds(86_400)
/// let page = try await store.list(late, after: nil, limit: 100)
/// ```
public struct QueueSelection: Hashable, Sendable {
  /// The state of a copy that is not done, as operators speak of it.
  public enum Standing: String, Hashable, Sendable, CaseIterable {
    /// It waits for its next try.
    case waiting
    /// It waits, after at least one attempt.
    case deferred
    /// A runner has it.
    case working
    /// It is held until an operator releases it.
    case held
  }

  /// Empty: every mail. Likewise the other lists.
  public var mails: [MailID] = []
  /// Addresses, in which `*` stands for any characters; letters of both cases are equal in ASCII. `<>` is the null sender.
  public var senders: [String] = []
  /// Of the copies; the same form.
  public var recipients: [String] = []
  /// Domains of recipients; the same form.
  public var domains: [String] = []
  /// The lane of a copy (``Parcel/lane``), or the host of its last attempt; the same form.
  public var nextHops: [String] = []
  public var standings: Set<Standing> = []
  /// Users who logged in to hand the mail in, by the name of the login. For stores that look into envelopes.
  package var logins: [LoginAccount] = []
  /// Accepted before this time.
  public var createdBefore: Timestamp?
  /// Accepted at this time or later.
  public var createdFrom: Timestamp?
  /// Bytes of the mail's content.
  public var largerThan: Int?
  public var smallerThan: Int?
  /// Attributes of the mail: each of them has this text, number or flag. See ``Attributes``.
  public var attributes: [String: String] = [:]

  public init() {}

  /// The copies of these mails.
  public init(_ mails: MailID...) { self.mails = mails }

  /// The copies that are held.
  public static var held: QueueSelection {
    var selection = QueueSelection()
    selection.standings = [.held]
    return selection
  }

  /// Whether it leaves nothing out.
  public var isAll: Bool { self == QueueSelection() }
}

extension QueueSelection {
  /// Whether a text fits a pattern of ``senders`` and its likes. It takes time in proportion to the product of both lengths at most.
  package static func fits(_ text: String, _ pattern: String) -> Bool {
    let text = Array(text.utf8.map(lowercased))
    let pattern = Array(pattern.utf8.map(lowercased))
    var (place, star, mark) = (0, -1, 0)
    var index = 0
    while index < text.count {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        (star, mark) = (place, index)
        place += 1
      } else if place < pattern.count, pattern[place] == text[index] {
        place += 1
        index += 1
      } else if star >= 0 {
        mark += 1
        (place, index) = (star + 1, mark)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
}

extension QueueSelection {
  /// Whether a copy is meant. For stores that keep their copies in memory.
  public func contains(_ entry: QueueEntry, _ attributes: [String: AttributeValue] = [:]) -> Bool {
    func isAny(_ patterns: [String], of texts: String?...) -> Bool {
      patterns.isEmpty
        || texts.contains { text in text.map { text in patterns.contains { Self.fits(text, $0) } } ?? false }
    }
    return (mails.isEmpty || mails.contains { $0.description == entry.mail })
      && isAny(senders, of: entry.sender) && isAny(recipients, of: entry.recipient)
      && isAny(domains, of: entry.domain) && isAny(nextHops, of: entry.lane, entry.host)
      && (standings.isEmpty || standings.contains { $0.describes(entry) })
      && (createdBefore.map { time in entry.createdAt.map { $0 < time } ?? false } ?? true)
      && (createdFrom.map { time in entry.createdAt.map { $0 >= time } ?? false } ?? true)
      && (largerThan.map { (entry.size ?? 0) > $0 } ?? true) && (smallerThan.map { (entry.size ?? 0) < $0 } ?? true)
      && self.attributes.allSatisfy { name, text in attributes[name]?.plainText == text }
  }
}

extension QueueSelection.Standing {
  fileprivate func describes(_ entry: QueueEntry) -> Bool {
    switch self {
    case .waiting: entry.state == .waiting && !entry.isHeld
    case .deferred: entry.state == .waiting && !entry.isHeld && entry.attempts > 0
    case .working: entry.state == .working
    case .held: entry.isHeld
    }
  }
}

extension AttributeValue {
  /// A text, number or flag as text; nil for others.
  fileprivate var plainText: String? {
    switch self {
    case .text(let text): text
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    case .bytes, .list, .map: nil
    }
  }
}
