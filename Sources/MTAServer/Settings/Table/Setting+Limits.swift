import MTACore
import MTAReceiver

/// The settings of how much users and clients may send.
extension Setting {
  private static let words = "mailsPerHour, recipientsPerHour, mailsPerDay and recipientsPerDay"
  private static let form = "`{\"mailsPerHour\", \"recipientsPerHour\", \"mailsPerDay\", \"recipientsPerDay\""

  static func userLimits(_ meaning: String) -> Setting {
    Setting("userLimits", .object, type: "object, \(form), \"users\"}`", initial: "`{}`", meaning) { reader, settings in
      let expected = "an object of \(words), numbers from 0, and users, an object of users, each with such an object"
      let limits = reader.take("userLimits", expected) { raw -> UserLimits? in
        guard case .map(var fields) = raw else { return nil }
        let users = fields.removeValue(forKey: "users")
        guard let all = amounts(fields, over: SendingLimits()) else { return nil }
        var found = UserLimits(all: all)
        guard let users else { return found }
        guard case .map(let entries) = users else { return nil }
        for (name, entry) in entries {
          guard let account = LoginAccount(name), found.users[account] == nil, case .map(let fields) = entry,
            let own = amounts(fields, over: all)
          else { return nil }
          found.users[account] = own
        }
        return found
      }
      if let limits { settings.receiver.userLimits = limits }
    }
  }

  static func clientLimits(_ meaning: String) -> Setting {
    Setting("clientLimits", .object, type: "object, \(form)}`", initial: "`{}`", meaning) { reader, settings in
      let limits = reader.take("clientLimits", "an object of \(words), numbers from 0") { raw -> SendingLimits? in
        guard case .map(let fields) = raw else { return nil }
        return amounts(fields, over: SendingLimits())
      }
      if let limits { settings.receiver.clientLimits = limits }
    }
  }

  /// 0 is no limit.
  private static func amounts(_ fields: [String: AttributeValue], over others: SendingLimits) -> SendingLimits? {
    var limits = others
    for (key, value) in fields {
      guard case .integer(let number) = value, (0...1_000_000_000).contains(number) else { return nil }
      let limit = number == 0 ? nil : Int(number)
      switch key {
      case "mailsPerHour": limits.mailsPerHour = limit
      case "recipientsPerHour": limits.recipientsPerHour = limit
      case "mailsPerDay": limits.mailsPerDay = limit
      case "recipientsPerDay": limits.recipientsPerDay = limit
      default: return nil
      }
    }
    return limits
  }
}
