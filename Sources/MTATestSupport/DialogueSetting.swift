import MTACore
import MTAReceiver

/// A directive that prepares the server, or the client, for the connections that follow. Throws what is wrong with it.
struct DialogueSetting {
  struct Fault: Error {
    var what: String
  }

  private typealias Configure = (inout SessionConfiguration, Substring) throws(Fault) -> Void

  let apply: (Dialogue) throws(Fault) -> Void

  /// Nil where the words are no setting.
  init?(_ words: [Substring]) {
    guard let name = words.first, let prepare = Self.prepare[String(name)] else { return nil }
    let arguments = Array(words.dropFirst())
    apply = { (dialogue) throws(Fault) in try prepare(dialogue, arguments) }
  }

  private static let prepare: [String: @Sendable (Dialogue, [Substring]) throws(Fault) -> Void] = [
    "port": { (dialogue, words) throws(Fault) in
      (dialogue.facts.role, dialogue.facts.localPort) = try choice(
        words.first,
        ["standard": (.standard, 2525), "internal": (.internalSubmit, 2526), "submission": (.submission, 2587)])
    },
    "address": { (dialogue, words) throws(Fault) in
      dialogue.facts.remoteAddress = try value(words.first, IPAddress.init)
    },
    "local": { (dialogue, words) throws(Fault) in
      dialogue.facts.localAddress = try value(words.first, IPAddress.init)
    },
    "frontEnd": { (dialogue, words) throws(Fault) in dialogue.facts.isFrontEnd = try flag(words.first) },
    "trusted": { (dialogue, words) throws(Fault) in dialogue.facts.isTrusted = try flag(words.first) },
    "xclient": { (dialogue, words) throws(Fault) in dialogue.facts.mayUseXCLIENT = try flag(words.first) },
    "configuration": { (dialogue, words) throws(Fault) in
      guard words.count == 2, let configure = configuration[String(words[0])] else {
        throw Fault(what: "no such configuration")
      }
      try configure(&dialogue.configuration, words[1])
    },
    "with": { (dialogue, words) throws(Fault) in
      let rules: [String: any GreetingRule] = [
        "DomainRequiredRule": DomainRequiredRule(), "DomainInDNSRule": DomainInDNSRule(),
      ]
      dialogue.configuration.greetingRules.append(try choice(words.first, rules))
    },
    "without": { (dialogue, words) throws(Fault) in
      var found = false
      func isMeant(_ rule: Any) -> Bool {
        let isMeant = words.first.map { "\(type(of: rule))" == $0 } ?? false
        found = found || isMeant
        return isMeant
      }
      dialogue.configuration.greetingRules.removeAll(where: isMeant)
      dialogue.configuration.senderRules.removeAll(where: isMeant)
      dialogue.configuration.recipientRules.removeAll(where: isMeant)
      guard found else { throw Fault(what: "no such rule") }
    },
    "timing": { (dialogue, words) throws(Fault) in
      if words.first == "minimumContentRate" {
        dialogue.timing.minimumContentRate = try value(words.last, { Int($0) })
        return
      }
      let limit = try choice(
        words.first,
        ["command": \Receiver.Timing.command, "content": \.content, "session": \.session, "hookBudget": \.hookBudget])
      dialogue.timing[keyPath: limit] = .seconds(try value(words.last, { Int($0) }))
    },
    "contacts": { (dialogue, words) throws(Fault) in
      switch words.first {
      case "maximumViolations": dialogue.contacts.maximumViolations = try value(words.last, { Int($0) })
      case "prohibited": dialogue.contacts.prohibited = .seconds(try value(words.last, { Int($0) }))
      case "neverProhibit":
        dialogue.contacts.neverProhibit = []
        for word in words.dropFirst() { dialogue.contacts.neverProhibit.append(try value(word, Network.init)) }
      default: throw Fault(what: "no such setting of contacts")
      }
    },
    "logins": { (dialogue, words) throws(Fault) in
      let limit = try choice(
        words.first, ["triesPerMinute": \LoginPolicy.triesPerMinute, "refusalsPerHour": \.refusalsPerHour])
      dialogue.logins[keyPath: limit] = try value(words.last, { Int($0) })
    },
    "srs": { (dialogue, words) throws(Fault) in
      let domain = try value(words.first) { Domain($0) }
      dialogue.configuration.rewriter = try value(words.last) {
        words.count == 2 ? SRSRewriter(domain: domain, secrets: [Array($0.utf8)]) : nil
      }
    },
    "zone": { (dialogue, words) throws(Fault) in
      do { try dialogue.addToZone(words.joined(separator: " ")) } catch { throw Fault(what: "\(error)") }
    },
    "fail": { (dialogue, words) throws(Fault) in
      let step = try choice(
        words.first, ["begin": VolatileStore.Step.begin, "append": .append, "commit": .commit])
      dialogue.store.fail(
        step,
        with: try choice(
          words.last, ["failed": StoreFailure.failed("as told"), "noSpace": .noSpace, "closed": .closed, "never": nil]))
    },
  ]

  private static let configuration: [String: @Sendable (inout SessionConfiguration, Substring) throws(Fault) -> Void] =
    [
      "serverTitle": { $0.serverTitle = String($1) },
      "honours": { (configuration, word) throws(Fault) in
        configuration.honours = try choice(word, ["all": DeliveryCapabilities.all, "nothing": []])
      },
      "bareLineEnds": { (configuration, word) throws(Fault) in
        configuration.bareLineEnds = try choice(word, ["refuse": .refuse, "normalize": .normalize])
      },
      "enforceAuthor": { (configuration, word) throws(Fault) in
        configuration.enforceAuthor = try value(word) { AuthorEnforcement(rawValue: $0) }
      },
      "signingDomain": { (configuration, word) throws(Fault) in
        configuration.signingDomains.insert(try value(word) { Domain($0) })
      },
      "offersTLS": flag(\.offersTLS),
      "allowsAuthInClear": flag(\.allowsAuthInClear),
      "acceptsQuotedLocalParts": flag(\.acceptsQuotedLocalParts),
      "checksRoutes": flag(\.checksRoutes),
      "returnsReportsOnly": flag(\.returnsReportsOnly),
      "speaksLMTP": flag(\.speaksLMTP),
      "maximumHold": seconds(\.maximumHold),
      "minimumDeliverBy": seconds(\.minimumDeliverBy),
      "maximumMessageBytes": number(\.maximumMessageBytes),
      "maximumRecipients": number(\.maximumRecipients),
      "maximumErrors": number(\.maximumErrors),
      "maximumCommandsWithoutMail": number(\.maximumCommandsWithoutMail),
      "maximumLoginFailures": number(\.maximumLoginFailures),
      "maximumReceivedFields": number(\.maximumReceivedFields),
      "maximumCommandOctets": number(\.maximumCommandOctets),
      "maximumHeaderBytes": number(\.maximumHeaderBytes),
      "maximumHeaderFields": number(\.maximumHeaderFields),
    ]

  private static func flag(
    _ property: any WritableKeyPath<SessionConfiguration, Bool> & Sendable
  ) -> @Sendable (inout SessionConfiguration, Substring) throws(Fault) -> Void {
    { (configuration, word) throws(Fault) in configuration[keyPath: property] = try flag(word) }
  }

  private static func number(
    _ property: any WritableKeyPath<SessionConfiguration, Int> & Sendable
  ) -> @Sendable (inout SessionConfiguration, Substring) throws(Fault) -> Void {
    { (configuration, word) throws(Fault) in configuration[keyPath: property] = try value(word, { Int($0) }) }
  }

  private static func seconds(
    _ property: any WritableKeyPath<SessionConfiguration, Duration> & Sendable
  ) -> @Sendable (inout SessionConfiguration, Substring) throws(Fault) -> Void {
    { (configuration, word) throws(Fault) in
      configuration[keyPath: property] = .seconds(try value(word, { Int($0) }))
    }
  }

  private static func flag(_ word: Substring?) throws(Fault) -> Bool {
    try choice(word, ["true": true, "false": false])
  }

  private static func choice<Value>(_ word: Substring?, _ values: [String: Value]) throws(Fault) -> Value {
    try value(word) { values[$0] }
  }

  private static func value<Value>(_ word: Substring?, _ read: (String) -> Value?) throws(Fault) -> Value {
    guard let word else { throw Fault(what: "a word is missing") }
    guard let value = read(String(word)) else { throw Fault(what: "\"\(word)\" is not known here") }
    return value
  }
}
