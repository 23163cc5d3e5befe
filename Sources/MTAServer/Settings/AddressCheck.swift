import MTACore

/// Whether aliases, forwards and postmasterName lead to somebody. What is odd prevents no start.
struct AddressCheck {
  private let settings: Settings
  private let users: Set<Mailbox>

  init(_ settings: Settings) {
    self.settings = settings
    users = Set(settings.users.keys.map(\.caseFolded))
  }

  /// A sentence each, beginning with the key.
  var warnings: [String] {
    var warnings: [String] = []
    if isDead(settings.postmasterName.caseFolded) {
      warnings.append("postmasterName: \(settings.postmasterName) does not exist here")
    }
    let mailboxes = settings.aliases.mailboxes.sorted { $0.key.description < $1.key.description }
    for (name, targets) in mailboxes {
      warnings += dead(targets).map { "aliases: \(name): \($0) does not exist here" }
      if users.contains(name), !targets.contains(where: { $0.caseFolded == name }) {
        warnings.append("aliases: \(name): is a user, too, whose mail goes where the alias leads")
      }
    }
    for (domain, targets) in settings.aliases.domains.sorted(by: { $0.key.description < $1.key.description }) {
      warnings += dead(targets).map { "aliases: @\(domain): \($0) does not exist here" }
    }
    warnings += loops(mailboxes.map(\.key)).map { loop in
      let name = loop.names.first.map(\.description) ?? ""
      if loop.count == 1 { return "aliases: \(name): leads to itself, and is no user" }
      let steps = loop.names.map(\.description) + (loop.count > loop.names.count ? ["…"] : []) + [name]
      return "aliases: \(name): leads back to itself: \(steps.joined(separator: " → "))"
    }
    for (name, forward) in settings.forwards.sorted(by: { $0.key.description < $1.key.description }) {
      if !users.contains(name.caseFolded) { warnings.append("forwards: \(name): is not a user") }
      warnings += dead(forward.to).map { "forwards: \(name): \($0) does not exist here" }
    }
    return warnings
  }

  private struct Loop {
    var count: Int
    /// The first ones: all would be too many to tell.
    var names: [Mailbox]
  }

  /// The targets in a domain of ours that no table has.
  private func dead(_ targets: [Mailbox]) -> [Mailbox] { targets.filter { isDead($0.caseFolded) } }

  private func isDead(_ name: Mailbox) -> Bool {
    guard settings.localDomains.contains(name.domain), name.localPart != "postmaster" else { return false }
    let aliases = settings.aliases
    if users.contains(name) || aliases.targets(of: name) != nil || aliases.catchAll(for: name) != nil { return false }
    // Without any table the program has hooks of its own, which may know it.
    return name != settings.postmasterName.caseFolded || !users.isEmpty || !aliases.mailboxes.isEmpty
  }

  /// The aliases that lead back to themselves, in the time of one look at each alias and target.
  private func loops(_ names: [Mailbox]) -> [Loop] {
    var loops: [Loop] = []
    /// The place on the way of those that are on it; -1 for those that are done.
    var places: [Mailbox: Int] = [:]
    for start in names where places[start] == nil {
      // No recursion: a chain may be long.
      var way: [(name: Mailbox, rest: ArraySlice<Mailbox>)] = []
      func enter(_ name: Mailbox) {
        places[name] = way.count
        way.append((name, (settings.aliases.targets(of: name) ?? [])[...]))
      }
      enter(start)
      while let last = way.indices.last {
        guard let target = way[last].rest.popFirst()?.caseFolded else {
          places[way[last].name] = -1
          way.removeLast()
          continue
        }
        guard let place = places[target] else {
          if settings.aliases.targets(of: target) != nil { enter(target) }
          continue
        }
        // A user whose alias leads to itself, too, keeps a copy.
        if place >= 0, place < last || !users.contains(target) {
          loops.append(Loop(count: way.count - place, names: way[place...].prefix(8).map(\.name)))
        }
      }
    }
    return loops
  }
}
