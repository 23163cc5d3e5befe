import MTACore

extension Settings {
  mutating func readForwarding(_ reader: inout SettingsReader) {
    let aliases = reader.take("aliases", "an object of mailboxes, or @ and a domain, and lists of mailboxes") {
      raw -> AliasTable? in
      guard case .map(let entries) = raw else { return nil }
      var table = AliasTable()
      for (name, targets) in entries {
        guard let targets = Self.mailboxes(targets), !table.has(name), table.add(name, targets) else { return nil }
      }
      return table
    }
    if let aliases { self.aliases = aliases }
    let forwards = reader.take("forwards", "an object of mailboxes, each with to and perhaps keepCopy") {
      raw -> [Mailbox: Forward]? in
      guard case .map(let entries) = raw else { return nil }
      var forwards: [Mailbox: Forward] = [:]
      for (address, entry) in entries {
        guard let mailbox = Mailbox(address), case .map(var fields) = entry,
          let targets = fields.removeValue(forKey: "to").flatMap(Self.mailboxes)
        else { return nil }
        var forward = Forward(to: targets)
        if let keeps = fields.removeValue(forKey: "keepCopy") {
          guard let keeps = Bool(keeps) else { return nil }
          forward.keepsCopy = keeps
        }
        guard fields.isEmpty, forwards[mailbox.caseFolded] == nil else { return nil }
        forwards[mailbox.caseFolded] = forward
      }
      return forwards
    }
    if let forwards { self.forwards = forwards }
  }

  mutating func readSRS(_ reader: inout SettingsReader) {
    let domain = reader.take("srsDomain", "a domain name or none") { raw -> Domain?? in
      guard let text = String(raw) else { return nil }
      if text == "none" { return .some(nil) }
      guard let domain = Domain(text, international: true)?.canonical, case .name = domain, !domain.isInternational
      else { return nil }
      return .some(domain)
    }
    if let domain { srsDomain = domain }
    reader.path("srsSecret", into: &srsSecret)
  }

  /// One mailbox or a list of them, not empty.
  private static func mailboxes(_ raw: AttributeValue) -> [Mailbox]? {
    let texts = [String](raw) ?? String(raw).map { [$0] } ?? []
    let mailboxes = texts.compactMap { Mailbox($0) }
    return texts.isEmpty || mailboxes.count < texts.count ? nil : mailboxes
  }
}
