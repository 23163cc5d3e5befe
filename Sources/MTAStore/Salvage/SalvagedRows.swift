import MTACore
import NIOCore

/// Rows of our tables, recognized by their values: the schema may be damaged, too.
enum SalvagedRow {
  /// A row of `messages`, as far as it can be read.
  struct Mail {
    let id: MailID
    let values: [SQLValue]
    let size: Int64
    let isSettled: Bool
    let envelope: String?
    let contentFile: String?
    /// Whether envelope, trace and content are all readable.
    let isWhole: Bool
  }

  /// A row of `parcels`.
  struct Copy {
    let number: Int64
    let mail: String
    let state: ParcelState
    let values: [SQLValue]
  }

  case mail(Mail)
  case copy(Copy)
  case contact([SQLValue])
  case login([SQLValue])
  case order([SQLValue])
  case accountOrder([SQLValue])

  /// Row numbers above this are not ours.
  private static let highest: Int64 = 1 << 40

  init?(_ row: RawRow) {
    guard row.number <= Self.highest, row.values.count > 3 else { return nil }
    if let mail = Mail(row) {
      self = .mail(mail)
    } else if let copy = Copy(row) {
      self = .copy(copy)
    } else if let contact = Self.contact(row) {
      self = .contact(contact)
    } else if let login = Self.login(row) {
      self = .login(login)
    } else if let order = Self.order(row) {
      self = .order(order)
    } else if let order = Self.accountOrder(row) {
      self = .accountOrder(order)
    } else {
      return nil
    }
  }

  private static func contact(_ row: RawRow) -> [SQLValue]? {
    guard row.isWhole, row.values.count >= 8, row.values[0].isNull, isContact(row.values[1]),
      row.values[2].number != nil
    else { return nil }
    return [.integer(row.number)] + row.values.dropFirst()
  }

  private static func login(_ row: RawRow) -> [SQLValue]? {
    guard row.isWhole, row.values.count == 4, row.values[0].isNull, row.values[1].text != nil, isContact(row.values[2]),
      let time = row.values[3].text, Timestamp(time) != nil
    else { return nil }
    return [.integer(row.number)] + row.values.dropFirst()
  }

  private static func order(_ row: RawRow) -> [SQLValue]? {
    guard row.isWhole, row.values.count == 6, row.values[0].isNull,
      row.values[1].text.flatMap({ Network($0) }) != nil,
      row.values[2].text.flatMap({ ClientOrder.Kind(rawValue: $0) }) != nil
    else { return nil }
    return [.integer(row.number)] + row.values.dropFirst()
  }

  /// Counts of mails are not salvaged: they are over within a day.
  private static func accountOrder(_ row: RawRow) -> [SQLValue]? {
    guard row.isWhole, row.values.count == 6, row.values[0].isNull,
      row.values[1].text.flatMap({ AccountOrder.Kind(rawValue: $0) }) != nil, row.values[2].text != nil,
      row.values[5].text.flatMap({ Timestamp($0) }) != nil
    else { return nil }
    return [.integer(row.number)] + row.values.dropFirst()
  }

  private static func isContact(_ value: SQLValue) -> Bool {
    value.text.map { Network($0) != nil } ?? false
  }
}

extension SalvagedRow.Mail {
  init?(_ row: RawRow) {
    var values = row.values
    guard let id = values[0].text.flatMap({ MailID($0) }), let size = values[1].number, size >= 0,
      let created = values[2].text, Timestamp(created) != nil, values[3].isNull || values[3].text != nil
    else { return nil }
    self.id = id
    self.size = size
    isSettled = !values[3].isNull
    envelope = values.count > 4 ? values[4].text : nil
    // The one name that its content can have. What else stands there is believed no more than the rest of a damaged page.
    let name = id.description + ContentFolder.complete
    let hasFile = values.count > 5 && values[5].text.map { $0.utf8.elementsEqual(name.utf8) } ?? false
    contentFile = hasFile ? name : nil
    if values.count > 5, !hasFile { values[5] = .null }
    self.values = values
    let content: Int64? =
      if values.count > 7, case .blob(let bytes) = values[7] { Int64(bytes.readableBytes) } else { nil }
    isWhole = row.isWhole && values.count > 7 && envelope != nil && (isSettled || contentFile != nil || content == size)
  }
}

extension SalvagedRow.Copy {
  init?(_ row: RawRow) {
    let values = row.values
    guard row.isWhole, values.count >= 25, values[0].isNull, let mail = values[2].text, MailID(mail) != nil,
      values[4].text != nil, let state = values[11].text.flatMap({ ParcelState(rawValue: $0) })
    else { return nil }
    number = row.number
    self.mail = mail
    self.state = state
    self.values = values
  }
}

extension SQLValue {
  var isNull: Bool { if case .null = self { true } else { false } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var number: Int64? { if case .integer(let number) = self { number } else { nil } }
}
