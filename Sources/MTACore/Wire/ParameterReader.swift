/// Reads the parameters of MAIL and RCPT. Those of extensions that are not announced are unknown; each may come once.
struct ParameterReader {
  private let capabilities: DeliveryCapabilities

  init(_ capabilities: DeliveryCapabilities) { self.capabilities = capabilities }

  func mail(_ words: [ArraySlice<UInt8>]) throws(CommandFault) -> MailParameters {
    var parameters = MailParameters()
    for (keyword, value) in try Self.pairs(words) {
      switch keyword {
      case "SIZE":
        // RFC 1870 §3: 1*20DIGIT.
        guard let value, let size = Self.number(value) else { throw .badParameter }
        parameters.size = size
      case "BODY": parameters.body = try body(value)
      case "SMTPUTF8" where capabilities.contains(.smtpUTF8):
        guard value == nil else { throw .badParameter }
        parameters.smtpUTF8 = true
      case "AUTH":
        // RFC 4954 §5: taken, and as from a client that is not trusted to say it, ignored.
        guard let value, Self.isAuthor(value, international: capabilities.contains(.smtpUTF8)) else {
          throw .badParameter
        }
      case "RET" where capabilities.contains(.dsn):
        guard let value, let part = DeliveryRequests.Return(rawValue: CommandParser.uppercased(value)) else {
          throw .badParameter
        }
        parameters.return = part
      case "ENVID" where capabilities.contains(.dsn):
        guard let value, let id = Self.envelopeID(value) else { throw .badParameter }
        parameters.envelopeID = id
      case "REQUIRETLS" where capabilities.contains(.requireTLS):
        guard value == nil else { throw .badParameter }
        parameters.requireTLS = true
      case "MT-PRIORITY" where capabilities.contains(.priority):
        guard let value, let priority = Self.priority(value) else { throw .badParameter }
        parameters.priority = priority
      case "HOLDFOR" where capabilities.contains(.futureRelease):
        // RFC 4865 §4: a number of at most nine digits that is not 0; one of the two parameters only.
        guard let value, value.count <= 9, let seconds = Self.number(value), seconds > 0, parameters.hold == nil else {
          throw .badParameter
        }
        parameters.hold = .for(seconds: Int64(clamping: seconds))
      case "HOLDUNTIL" where capabilities.contains(.futureRelease):
        guard let value, let instant = Self.instant(value), parameters.hold == nil else { throw .badParameter }
        parameters.hold = .until(instant)
      case "BY" where capabilities.contains(.deliverBy):
        guard let value, let by = Self.deliverBy(value) else { throw .badParameter }
        parameters.deliverBy = by
      default: throw .unknownParameter
      }
    }
    return parameters
  }

  /// - Parameter international: MAIL was given with SMTPUTF8.
  func recipient(_ words: [ArraySlice<UInt8>], international: Bool) throws(CommandFault) -> RecipientNotification {
    var notification = RecipientNotification()
    for (keyword, value) in try Self.pairs(words) {
      switch keyword {
      case "NOTIFY" where capabilities.contains(.dsn):
        guard let value, let notify = RecipientNotification.Notify(CommandParser.uppercased(value)) else {
          throw .badParameter
        }
        notification.notify = notify
      case "ORCPT" where capabilities.contains(.dsn):
        guard let value, let recipient = Self.originalRecipient(value, international: international)
        else { throw .badParameter }
        notification.originalRecipient = recipient
      default: throw .unknownParameter
      }
    }
    return notification
  }

  private static func pairs(_ words: [ArraySlice<UInt8>]) throws(CommandFault) -> [(String, ArraySlice<UInt8>?)] {
    var pairs: [(String, ArraySlice<UInt8>?)] = []
    for word in words {
      let parts = word.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let keyword = CommandParser.uppercased(parts[0])
      guard !pairs.contains(where: { $0.0 == keyword }) else { throw .badParameter }
      pairs.append((keyword, parts.count == 2 ? parts[1] : nil))
    }
    return pairs
  }

  private func body(_ value: ArraySlice<UInt8>?) throws(CommandFault) -> BodyType {
    // RFC 6152 §2, RFC 3030 §3.
    guard let value, let body = BodyType(rawValue: CommandParser.uppercased(value)),
      body != .binaryMIME || capabilities.contains(.binaryMIME)
    else { throw .badParameter }
    return body
  }

  // MARK: Forms of value

  static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    guard (1...20).contains(digits.count) else { return nil }
    var number: UInt64 = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      let (scaled, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit - 48))
      // A number past 64 bits is larger than any limit.
      if overflow || carry { return .max }
      number = sum
    }
    return number
  }

  /// RFC 3461 §4.4: at most 100 characters, which decode to printable ASCII.
  private static func envelopeID(_ value: ArraySlice<UInt8>) -> String? {
    guard (1...100).contains(value.count), let bytes = XText.decode(value),
      bytes.allSatisfy({ (32...126).contains($0) })
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// RFC 4954 §5: `<>` or an address in xtext, which RFC 6533 §3 lets be UTF-8. Nothing becomes of it, but what deceives a reader is
  /// refused here as anywhere.
  private static func isAuthor(_ value: ArraySlice<UInt8>, international: Bool) -> Bool {
    let ascii = value.filter { $0 < 128 }
    guard !value.isEmpty, ascii.count == value.count || international, let decoded = XText.decode(ascii) else {
      return false
    }
    return !DeceptiveScalars.stand(in: value) && !DeceptiveScalars.stand(in: decoded)
  }

  /// RFC 3461 §4.2: `addr-type ";" xtext`, at most 500 characters; kept as it came. Addresses of the type `utf-8` have forms of their
  /// own (RFC 6533 §3) and are kept in that of ASCII.
  private static func originalRecipient(_ value: ArraySlice<UInt8>, international: Bool) -> String? {
    guard value.count <= 500, let semicolon = value.firstIndex(of: UInt8(ascii: ";")) else { return nil }
    let type = value[..<semicolon]
    let address = value[(semicolon + 1)...]
    guard !type.isEmpty, type.allSatisfy(\.isAtomText), !address.isEmpty else { return nil }
    if CommandParser.uppercased(type) == "UTF-8" {
      return UTF8AddressText.normal(address, international: international).map { "utf-8;" + $0 }
    }
    guard let decoded = XText.decode(address),
      decoded.allSatisfy({ (32...126).contains($0) })
    else { return nil }
    return String(decoding: value, as: UTF8.self)
  }

  /// RFC 6710 §4: -9 to 9; there is no "-0".
  private static func priority(_ value: ArraySlice<UInt8>) -> Int? {
    let digits = value.first == UInt8(ascii: "-") ? value.dropFirst() : value
    guard digits.count == 1, let digit = digits.first, (48...57).contains(digit),
      digit > 48 || digits.count == value.count
    else { return nil }
    return digits.count == value.count ? Int(digit) - 48 : 48 - Int(digit)
  }

  /// RFC 4865 §4: a date-time of RFC 3339 in UTC: `2026-11-23T13:40:00Z`. A fraction of a second counts
  /// as a whole one, for the mail is not to leave before.
  private static func instant(_ value: ArraySlice<UInt8>) -> Timestamp? {
    guard (20...32).contains(value.count), value.last == UInt8(ascii: "Z") else { return nil }
    let fraction = value.dropFirst(19).dropLast()
    guard fraction.isEmpty || fraction.first == UInt8(ascii: ".") && fraction.count > 1,
      fraction.dropFirst().allSatisfy({ (48...57).contains($0) })
    else { return nil }
    let second = Timestamp(String(decoding: value.prefix(19), as: UTF8.self) + ".000Z")
    return fraction.dropFirst().allSatisfy { $0 == 48 } ? second : second.map { $0 + .seconds(1) }
  }

  /// RFC 2852 §4: `[-]1*9DIGIT ";" ("N" / "R") ["T"]`; returning needs a time still to come.
  private static func deliverBy(
    _ value: ArraySlice<UInt8>
  ) -> (seconds: Int64, mode: DeliveryRequests.DeliverBy.Mode, trace: Bool)? {
    let parts = value.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let isNegative = parts[0].first == UInt8(ascii: "-")
    let digits = isNegative ? parts[0].dropFirst() : parts[0]
    let letters = CommandParser.uppercased(parts[1])
    guard (1...9).contains(digits.count), let number = number(digits), (1...2).contains(letters.utf8.count),
      let mode = DeliveryRequests.DeliverBy.Mode(rawValue: String(letters.prefix(1))),
      letters.utf8.count == 1 || letters.utf8.last == UInt8(ascii: "T")
    else { return nil }
    let seconds = isNegative ? -Int64(clamping: number) : Int64(clamping: number)
    guard mode == .notify || seconds > 0 else { return nil }
    return (seconds, mode, letters.utf8.count == 2)
  }
}
