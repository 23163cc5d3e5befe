import Logging
import MTACore

/// Users and aliases of the settings that a program's own hooks do not know. The hooks decide who exists, so these would have no effect
/// without a warning.
enum IgnoredUsers {
  /// The number of mailboxes to ask about: a program may look each up in a database.
  static let maximum = 100

  /// The warnings, each beginning with its key. There are none if the hooks fail.
  static func warnings(_ settings: Settings, hooks: any InboundHooks) async -> [String] {
    let users = Set(settings.users.keys.map(\.caseFolded))
    return await warnings("users", users, hooks)
      + warnings("aliases", Set(settings.aliases.mailboxes.keys).subtracting(users), hooks)
  }

  private static func warnings(_ key: String, _ names: Set<Mailbox>, _ hooks: any InboundHooks) async -> [String] {
    var hooks = hooks
    let asked = names.sorted { $0.description < $1.description }.prefix(maximum)
    var unknown: [Mailbox] = []
    for name in asked {
      do { if try await hooks.clientLookup(name) == nil { unknown.append(name) } } catch { return [] }
      if Task.isCancelled { return [] }
    }
    guard let first = unknown.first else { return [] }
    let (others, them) = unknown.count == 1 ? ("", "it") : (" and \(unknown.count - 1) more", "them")
    return ["\(key): \(first)\(others): the hooks of this program do not know \(them), so mail for \(them) is refused"]
  }
}
