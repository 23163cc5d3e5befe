import MTACore

/// The settings of names and users with forms of their own.
extension Setting {
  /// It is read first, because no setting can be made without it: ``Settings/init(_:folder:)``.
  static func serverName(_ meaning: String) -> Setting {
    Setting("serverName", .text, type: "domain name", initial: "–", meaning) { _, _ in }
      .shown { .text("\($0.serverName)") }
  }

  static func serverTitle(_ meaning: String) -> Setting {
    Setting("serverTitle", .text, type: "text", initial: "`serverName`", meaning) {
      $0.text("serverTitle", into: &$1.serverTitle)
    }.shown { .text($0.serverTitle) }
  }

  static func postmasterName(_ meaning: String) -> Setting {
    Setting(
      "postmasterName", .text, type: "mailbox",
      initial: "`postmaster@` and `serverName` without its first label", meaning
    ) { reader, settings in
      let mailbox = reader.take("postmasterName", "a mailbox", { String($0).flatMap { Mailbox($0) } })
      if let mailbox { settings.postmasterName = mailbox }
    }.shown { .text("\($0.postmasterName)") }
  }

  static func localDomains(_ meaning: String) -> Setting {
    Setting("localDomains", .list(numbers: false), type: "list of domain names", initial: "`[]`", meaning) {
      $0.list("localDomains", "domain names", into: &$1.localDomains) {
        String($0).flatMap { Domain($0, international: true) }
      }
    }
  }

  static func users(_ meaning: String) -> Setting {
    Setting("users", .object, type: "object, mailbox → crypt(3) hash", initial: "`{}`", meaning) { reader, settings in
      let entries = reader.take("users", "an object of mailboxes and crypt(3) hashes, or *") {
        if case .map(let entries) = $0 { entries } else { nil }
      }
      guard let entries else { return }
      settings.users = [:]
      for (address, hash) in entries.sorted(by: { $0.key < $1.key }) {
        guard let mailbox = Mailbox(address) else {
          reader.complain("users", "\(address.prefix(100)): is no mailbox")
          continue
        }
        guard case .text(let hash) = hash, !hash.isEmpty else {
          reader.complain("users", "\(mailbox): must be a crypt(3) hash, or *")
          continue
        }
        guard !settings.users.keys.contains(mailbox.caseFolded) else {
          // One of the two spellings would win by chance.
          reader.complain("users", "\(mailbox): stands there twice")
          continue
        }
        settings.users.updateValue(hash == "*" ? nil : hash, forKey: mailbox.caseFolded)
      }
    }
  }

  static func aliases(_ meaning: String) -> Setting {
    Setting(
      "aliases", .object, type: "object, mailbox or `@domain` → mailbox or list of mailboxes", initial: "`{}`", meaning
    ) { reader, settings in
      let aliases = reader.take("aliases", "an object of mailboxes, or @ and a domain, and lists of mailboxes") {
        raw -> AliasTable? in
        guard case .map(let entries) = raw else { return nil }
        var table = AliasTable()
        for (name, targets) in entries {
          guard let targets = mailboxes(targets), !table.has(name), table.add(name, targets) else { return nil }
        }
        return table
      }
      if let aliases { settings.aliases = aliases }
    }
  }

  static func forwards(_ meaning: String) -> Setting {
    Setting("forwards", .object, type: "object, mailbox → `{\"to\", \"keepCopy\"}`", initial: "`{}`", meaning) {
      reader, settings in
      let forwards = reader.take("forwards", "an object of mailboxes, each with to and perhaps keepCopy") {
        raw -> [Mailbox: Settings.Forward]? in
        guard case .map(let entries) = raw else { return nil }
        var forwards: [Mailbox: Settings.Forward] = [:]
        for (address, entry) in entries {
          guard let mailbox = Mailbox(address), let forward = forward(entry), forwards[mailbox.caseFolded] == nil
          else { return nil }
          forwards[mailbox.caseFolded] = forward
        }
        return forwards
      }
      if let forwards { settings.forwards = forwards }
    }
  }

  static func app(_ meaning: String) -> Setting {
    Setting("app", .object, type: "object", initial: "`{}`", meaning) { reader, settings in
      let app = reader.take("app", "an object", { if case .map(let entries) = $0 { entries } else { nil } })
      if let app { settings.app = app }
    }
  }

  /// ``SettingsFiles`` takes it out of the files.
  static func include(_ meaning: String) -> Setting {
    Setting("include", .list(numbers: false), type: "list of paths", initial: "`[]`", meaning) { reader, _ in
      if reader.take("include", "a list of paths", { [String]($0) }) != nil {
        reader.complain("include", "stands in no file")
      }
    }.forFiles.shown { .list($0.reading.files.dropFirst().map { .text($0) }) }
  }

  private static func forward(_ entry: AttributeValue) -> Settings.Forward? {
    guard case .map(var fields) = entry, let targets = fields.removeValue(forKey: "to").flatMap(mailboxes) else {
      return nil
    }
    var forward = Settings.Forward(to: targets)
    if let keeps = fields.removeValue(forKey: "keepCopy") {
      guard let keeps = Bool(keeps) else { return nil }
      forward.keepsCopy = keeps
    }
    return fields.isEmpty ? forward : nil
  }

  /// One mailbox or a list of them, not empty.
  private static func mailboxes(_ raw: AttributeValue) -> [Mailbox]? {
    let texts = [String](raw) ?? String(raw).map { [$0] } ?? []
    let mailboxes = texts.compactMap { Mailbox($0) }
    return texts.isEmpty || mailboxes.count < texts.count ? nil : mailboxes
  }
}
