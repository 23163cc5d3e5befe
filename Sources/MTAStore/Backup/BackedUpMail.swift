import MTACore
import MTASystem
import NIOCore

/// A mail of a backup, before its content is read. All that a program would take for granted was looked at.
struct BackedUpMail {
  let id: MailID
  let size: Int
  let isSettled: Bool
  let hasContent: Bool
  let trace: ByteBuffer
  let checksum: Int64?
  /// Those of ``Database/BackedUpRows``.
  fileprivate let row: [SQLValue]
  fileprivate(set) var copies: [[SQLValue]] = []
  fileprivate var bytes = 0

  /// The copies that wait.
  var waiting: Int { copies.count { Self.isUnfinished($0) } }

  init(_ values: [SQLValue]) throws(BackupFault) {
    guard values.count == 8, let id = values[0].text.flatMap({ MailID($0) }), let size = values[1].number,
      (0...1 << 40).contains(size), Self.isTime(values[2]), values[3].isNull || Self.isTime(values[3]),
      let envelope = values[4].text, values[6].isNull || values[6].number != nil, let state = values[7].number
    else { throw BackupFault("a mail in it is none") }
    switch values[5] {
    case .blob(let bytes): trace = bytes
    case .null: trace = ByteBuffer()
    case .integer, .text: throw BackupFault("mail \(id) has no trace")
    }
    // One that cannot be read is held by whoever claims it.
    if let envelope = try? EnvelopeText.decode(envelope), envelope.id != id {
      throw BackupFault("mail \(id) has the envelope of another one")
    }
    self.id = id
    self.size = Int(size)
    isSettled = !values[3].isNull
    hasContent = state == 1
    checksum = values[6].number
    row = Array(values.prefix(7))
  }

  mutating func add(copy values: [SQLValue], of bytes: Int) throws(BackupFault) {
    let columns = Database.backedUpCopy
    guard values.count == columns.count else { throw BackupFault("a copy of mail \(id) is none") }
    for (column, value) in zip(columns, values) {
      let isFine =
        switch column {
        case "from", "lane": value.text != nil
        case "to": value.text.map { Mailbox($0) != nil || $0.isEmpty } ?? false
        case "delivery": value.text.flatMap { DeliveryKind(rawValue: $0) } != nil
        case "state": value.text.flatMap { ParcelState(rawValue: $0) } != nil
        case "created_at", "updated_at", "expires_at": Self.isTime(value)
        case "retry_at": value.isNull ? !Self.isUnfinished(values) : Self.isTime(value)
        case "delivery_at", "warned_at": value.isNull || Self.isTime(value)
        case "hold", "attempts", "priority", "leases": value.number.map { (-1 << 40...1 << 40).contains($0) } ?? false
        default: value.isNull || value.text != nil
        }
      if !isFine { throw BackupFault("a copy of mail \(id) has a wrong “\(column)”") }
    }
    self.bytes += bytes
    if self.bytes > BackupFormat.limit { throw BackupFault("mail \(id) has too many copies") }
    copies.append(values)
  }

  private static func isTime(_ value: SQLValue) -> Bool { value.text.flatMap { Timestamp($0) } != nil }

  fileprivate static func isUnfinished(_ copy: [SQLValue]) -> Bool {
    copy[at: "state"].text == ParcelState.waiting.rawValue || copy[at: "state"].text == ParcelState.working.rawValue
  }
}

extension [SQLValue] {
  fileprivate subscript(at column: String) -> SQLValue {
    get { Database.backedUpCopy.firstIndex(of: column).flatMap { $0 < count ? self[$0] : nil } ?? .null }
    set {
      if let place = Database.backedUpCopy.firstIndex(of: column), place < count { self[place] = newValue }
    }
  }
}

/// A mail as it goes into the database, with its content or the name of its file.
struct RestoredMail: Sendable {
  let id: MailID
  let row: [SQLValue]
  var copies: [[SQLValue]]
  var contentFile: String?
  var content: ByteBuffer?
  let waiting: Int
  /// Its content is missing, or does not fit its checksum.
  var isDamaged = false

  /// The copies that wait and are held.
  var held: Int { copies.count { BackedUpMail.isUnfinished($0) && $0[at: "hold"].number == 1 } }

  /// - Parameters:
  ///   - away: between backup and restore: this time does not count for a copy's life.
  ///   - hold: a reason to hold what waits.
  init(_ mail: BackedUpMail, away: Duration, hold: String?) {
    id = mail.id
    row = mail.row
    waiting = mail.waiting
    copies = mail.copies.map { copy in
      guard BackedUpMail.isUnfinished(copy) else { return copy }
      var copy = copy
      copy[at: "state"] = .text(ParcelState.waiting.rawValue)
      // It may have been delivered since: couriers that can tell look for it first.
      copy[at: "leases"] = .integer(Swift.max(copy[at: "leases"].number ?? 0, 1))
      if let expires = copy[at: "expires_at"].text.flatMap({ Timestamp($0) }) {
        copy[at: "expires_at"] = .text((expires + away).description)
      }
      return copy
    }
    if let hold { self.hold(because: hold, also: false) }
  }

  /// - Parameter also: of copies that are held already, too.
  mutating func hold(because reason: String, also: Bool = true) {
    for index in copies.indices where BackedUpMail.isUnfinished(copies[index]) {
      if !also, copies[index][at: "hold"].number == 1 { continue }
      copies[index][at: "hold"] = .integer(1)
      copies[index][at: "delivery_msg"] = .text("held: " + reason)
    }
  }
}

/// Reads what a backup has, and finds every fault in it.
struct BackupWalk {
  enum Item {
    case mail(BackedUpMail)
    case contact([SQLValue])
    case login([SQLValue])
    case order([SQLValue])
  }

  private var reader: BackupReader
  private var ahead: (kind: BackupFormat.Kind, payload: ByteBuffer)?
  private var counts = [Int64](repeating: 0, count: 6)
  private var unread: BackedUpMail?
  /// When the backup began.
  let madeAt: Timestamp

  init(_ file: DurableFile) throws {
    reader = try BackupReader(file)
    guard let (kind, payload) = try reader.next() else { throw BackupFault("the file ends early") }
    guard kind == .begin, let row = payload.row(), let version = row.first?.number, version > 0 else {
      throw BackupFault("it does not begin as a backup")
    }
    if version > BackupFormat.version {
      throw BackupFault(
        "it is of version \(version), written by a newer program; this one knows versions up to \(BackupFormat.version)",
        isNewer: true)
    }
    guard row.count == 2, let made = row[1].text.flatMap({ Timestamp($0) }) else {
      throw BackupFault("it does not begin as a backup")
    }
    madeAt = made
    ahead = try reader.next()
  }

  /// Content of the mail before is passed over.
  /// - Returns: nil at the end, when all is there.
  mutating func next() throws -> Item? {
    if unread != nil { _ = try readContent { _ in } }
    guard let (kind, payload) = ahead else { throw BackupFault("the file ends early") }
    guard let row = payload.row() else { throw BackupFault("a row in it is none") }
    switch kind {
    case .mail:
      var mail = try BackedUpMail(row)
      ahead = try reader.next()
      while let (kind, payload) = ahead, kind == .copy {
        guard let copy = payload.row() else { throw BackupFault("a row in it is none") }
        try mail.add(copy: copy, of: payload.readableBytes)
        counts[1] += 1
        ahead = try reader.next()
      }
      counts[0] += 1
      unread = mail
      return .mail(mail)
    case .contact, .login, .order:
      ahead = try reader.next()
      return try item(kind, row)
    case .end:
      guard row.map({ $0.number }) == counts.map({ $0 }), try reader.next() == nil else {
        throw BackupFault("its end does not fit what is before it")
      }
      return nil
    case .begin, .copy, .content, .unreadable: throw BackupFault("its parts are in a wrong order")
    }
  }

  /// Gives the content of the mail that ``next()`` returned.
  /// - Returns: whether all of it is there, and fits its checksum.
  mutating func readContent(_ body: (ByteBuffer) throws -> Void) throws -> Bool {
    guard let mail = unread else { return false }
    unread = nil
    guard mail.hasContent else { return mail.isSettled }
    var check = ContentCheck()
    var size = 0
    while let (kind, payload) = ahead, kind == .content {
      guard payload.readableBytes > 0, payload.readableBytes <= mail.size - size else {
        throw BackupFault("mail \(mail.id) has more content than its size")
      }
      size += payload.readableBytes
      counts[2] += Int64(payload.readableBytes)
      check.add(payload)
      try body(payload)
      ahead = try reader.next()
    }
    if let (kind, _) = ahead, kind == .unreadable {
      ahead = try reader.next()
      return false
    }
    guard size == mail.size else { throw BackupFault("mail \(mail.id) has less content than its size") }
    return check.finished(behind: mail.trace).fits(mail.checksum)
  }

  private mutating func item(_ kind: BackupFormat.Kind, _ row: [SQLValue]) throws -> Item {
    func isTime(_ place: Int) -> Bool { row[place].text.flatMap { Timestamp($0) } != nil }
    func isClient(_ place: Int) -> Bool { row[place].text.map { IPAddress($0) != nil || $0.hasSuffix("/64") } ?? false }
    switch kind {
    case .contact:
      guard row.count == 7, isClient(0), row[1...3].allSatisfy({ ($0.number ?? -1) >= 0 }),
        row[4].isNull || isTime(4), isTime(5), isTime(6)
      else { throw BackupFault("a contact in it is none") }
      counts[3] += 1
      return .contact(row)
    case .login:
      guard row.count == 3, (row[0].text?.utf8.count ?? 0) > 0, isClient(1), isTime(2) else {
        throw BackupFault("a login in it is none")
      }
      counts[4] += 1
      return .login(row)
    default:
      guard row.count == 5, row[0].text.flatMap({ Network($0) }) != nil,
        row[1].text.flatMap({ ClientOrder.Kind(rawValue: $0) }) != nil, row[2].text != nil,
        row[3].isNull || isTime(3), isTime(4)
      else { throw BackupFault("an order in it is none") }
      counts[5] += 1
      return .order(row)
    }
  }
}
