import MTACore

/// A directive that looks at what the server keeps: its contacts and its mails.
struct DialogueCheck {
  /// What is amiss; nil when all is well.
  let judge: (VolatileStore) -> String?

  /// Nil where the line is no check.
  init?(_ line: Substring) {
    let words = line.split(separator: " ")
    let rest = Array(words.dropFirst())
    let judge: ((VolatileStore) -> String?)? =
      switch words.first {
      case "contact": Self.contact(rest)
      case "mails": Self.mails(rest)
      case "mail": Self.mail(rest)
      default: nil
      }
    guard let judge else { return nil }
    self.judge = judge
  }

  private static func mails(_ words: [Substring]) -> ((VolatileStore) -> String?)? {
    guard words.count == 1, let count = Int(words[0]) else { return nil }
    return { $0.mails.count == count ? nil : "there are \($0.mails.count) mails" }
  }

  /// `ADDRESS hits N locks N violations N`, any of them, or `ADDRESS unknown`.
  private static func contact(_ words: [Substring]) -> ((VolatileStore) -> String?)? {
    if words.count == 2, words[1] == "unknown", let address = IPAddress(String(words[0])) {
      return { $0.contact(of: address) == nil ? nil : "\(address) is known" }
    }
    guard let address = words.first.flatMap({ IPAddress(String($0)) }), words.count.isMultiple(of: 2) == false,
      words.count > 1
    else { return nil }
    var expected: [(name: Substring, property: KeyPath<ContactRecord, Int>, count: Int)] = []
    for index in stride(from: 1, to: words.count, by: 2) {
      guard let property = counts[words[index]], let count = Int(words[index + 1]) else { return nil }
      expected.append((words[index], property, count))
    }
    return { [expected] store in
      guard let record = store.contact(of: address) else { return "\(address) is unknown" }
      guard let wrong = expected.first(where: { record[keyPath: $0.property] != $0.count }) else { return nil }
      return "\(address) has \(record[keyPath: wrong.property]) \(wrong.name)"
    }
  }

  private static var counts: [Substring: KeyPath<ContactRecord, Int>] {
    ["hits": \.hits, "locks": \.locks, "violations": \.violations]
  }

  /// Of the latest mail: `from PATH`, `to PATH …`, `signers DOMAIN …`, `copy PATH [for PATH] [from PATH]`, `notify PATH [WORDS]`, `returns [PART]`, `has TEXT`, `lacks TEXT`, `content TEXT`, `attribute NAME [TEXT]`.
  private static func mail(_ words: [Substring]) -> ((VolatileStore) -> String?)? {
    guard let aspect = words.first else { return nil }
    let rest = Array(words.dropFirst())
    let text = String(decoding: DialogueScript.unescaped(rest.joined(separator: " ")), as: UTF8.self)
    let find: (VolatileStore.Mail) -> String?
    switch aspect {
    case "from": find = { differs($0.envelope.reversePath.description, text) }
    case "to":
      find = { differs($0.envelope.recipients.map { "<\($0.mailbox)>" }.joined(separator: " "), text) }
    case "signers":
      find = { mail in
        guard let signers = mail.envelope.signers else { return "it may be signed by whatever its From says" }
        return differs(signers.map(\.description).joined(separator: " "), text)
      }
    case "copy":
      find = { mail in
        let copies = mail.envelope.recipients.map { recipient in
          "<\(recipient.mailbox)>" + (recipient.forwardedFor.map { " for <\($0)>" } ?? "")
            + (recipient.reversePath.map { " from \($0)" } ?? "")
        }
        return copies.contains(text) ? nil : "its copies are \(copies.joined(separator: ", "))"
      }
    case "notify":
      find = { mail in
        let told = mail.envelope.recipients.map { recipient in
          "<\(recipient.mailbox)>" + (recipient.notification.notify.map { " \($0)" } ?? "")
        }
        return told.contains(text) ? nil : "NOTIFY of its copies is \(told.joined(separator: "; "))"
      }
    case "returns": find = { differs($0.envelope.requests.return?.rawValue ?? "", text) }
    case "content": find = { differs($0.text, text) }
    case "has": find = { mail in unfolded(mail).contains(text) ? nil : "the mail is \(unfolded(mail))" }
    case "lacks": find = { mail in unfolded(mail).contains(text) ? "the mail is \(unfolded(mail))" : nil }
    case "attribute":
      guard let name = rest.first.map(String.init) else { return nil }
      let value = rest.count > 1 ? AttributeValue.text(rest.dropFirst().joined(separator: " ")) : nil
      find = { mail in
        mail.envelope.attributes[name] == value ? nil : "its attributes are \(mail.envelope.attributes.values)"
      }
    default: return nil
    }
    return { store in
      guard let mail = store.mails.last else { return "there is no mail" }
      return find(mail)
    }
  }

  private static func differs(_ found: String, _ expected: String) -> String? {
    found.utf8.elementsEqual(expected.utf8) ? nil : "found \(found)"
  }

  /// Trace fields and content as they are to be stored, folded fields in one line.
  private static func unfolded(_ mail: VolatileStore.Mail) -> String {
    (mail.trace + mail.text).replacing("\r\n\t", with: " ").replacing("\r\n ", with: " ")
  }
}
