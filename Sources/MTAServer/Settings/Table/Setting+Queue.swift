import MTACore
import MTADNS
import MTADelivery

/// The settings of queue and delivery with forms of their own.
extension Setting {
  /// 0 switches it off.
  static func eventRetention(_ meaning: String) -> Setting {
    Setting(
      "eventRetention", .number, type: "seconds",
      initial: shown(\.eventRetention) { code("\($0.components.seconds)") }, meaning
    ) { reader, settings in
      let time = reader.take("eventRetention", "a number of seconds, or 0") { raw -> Duration? in
        raw == .integer(0) ? .zero : SettingsReader.seconds(raw)
      }
      if let time { settings.eventRetention = time }
    }.shown { .integer($0.eventRetention.components.seconds) }
  }

  static func messageIDBase(_ meaning: String) -> Setting {
    Setting(
      "messageIDBase", .number, type: "62 or 36", initial: shown(\.messageIDBase) { code("\($0)") }, meaning
    ) { reader, settings in
      let base = reader.take("messageIDBase", "62 or 36") {
        Int64($0).flatMap { [62, 36].contains($0) ? Int($0) : nil }
      }
      if let base { settings.messageIDBase = base }
    }
  }

  static func localDelivery(_ meaning: String) -> Setting {
    Setting(
      "localDelivery", .text, type: "text", initial: shown(\.runner.localDelivery) { code("\($0)") }, meaning
    ) { reader, settings in
      let forms = "maildir:DIR, lmtp:HOST:PORT, lmtp:/SOCKET, smtp:HOST:PORT or none"
      let way = reader.take("localDelivery", forms) { String($0).flatMap { LocalDelivery($0) } }
      if let way { settings.runner.localDelivery = way }
      if case .maildir(let path) = settings.runner.localDelivery {
        settings.runner.localDelivery = .maildir(directory: reader.absolute(path, in: "localDelivery"))
      }
    }.shown { .text("\($0.runner.localDelivery)") }
  }

  static func recipientDelimiter(_ meaning: String) -> Setting {
    Setting("recipientDelimiter", .text, type: "text or `none`", initial: "none", meaning) { reader, settings in
      let expected = "one to eight of the characters \(RecipientDelimiter.allowed), or none"
      let delimiter = reader.take("recipientDelimiter", expected) { raw -> RecipientDelimiter?? in
        guard let text = String(raw) else { return nil }
        return text == "none" ? .some(nil) : RecipientDelimiter(text).map(Optional.some)
      }
      if let delimiter { settings.runner.recipientDelimiter = delimiter }
    }.shown { .text($0.runner.recipientDelimiter?.description ?? "none") }
  }

  /// `standard` and `private` are names for lists of networks.
  static func ignoreTargets(_ meaning: String) -> Setting {
    Setting(
      "ignoreTargets", .list(numbers: false), type: "list of networks, `standard` and `private`",
      initial: "`[\"standard\"]`", meaning
    ) { reader, settings in
      let expected = "a list of networks such as 192.0.2.0/24, \"standard\" and \"private\""
      let networks = reader.take("ignoreTargets", expected) { raw -> [Network]? in
        guard let texts = [String](raw) else { return nil }
        var networks: [Network] = []
        for text in texts {
          switch text {
          case "standard": networks += Network.noTargets
          case "private": networks += Network.privateNetworks
          default:
            guard let network = Network(text) else { return nil }
            networks.append(network)
          }
        }
        return networks
      }
      if let networks { settings.runner.ignoreTargets = networks }
    }
  }

  static func resolvers(_ meaning: String) -> Setting {
    Setting("resolvers", .list(numbers: false), type: "list of `ADDRESS:PORT`", initial: "`[]`", meaning) {
      $0.list("resolvers", "texts ADDRESS:PORT", into: &$1.resolvers) { raw in
        guard let text = String(raw) else { return nil }
        // A name server is needed to find a name, so it is itself given by address; only this machine's is fixed.
        return DNSServer(text.hasPrefix("localhost:") ? "127.0.0.1" + text.dropFirst(9) : text)
      }
    }
  }

  static func dkim(_ meaning: String) -> Setting {
    Setting("dkim", .object, type: "object, domain → `{\"selector\", \"keyFile\"}`", initial: "`{}`", meaning) {
      reader, settings in
      let keys = reader.take("dkim", "an object of domains, each with selector and keyFile") {
        raw -> [Domain: Settings.DKIMKey]? in
        guard case .map(let entries) = raw else { return nil }
        var keys: [Domain: Settings.DKIMKey] = [:]
        for (name, entry) in entries {
          guard let domain = Domain(name, international: true), case .map(let fields) = entry,
            Set(fields.keys) == ["selector", "keyFile"],
            let selector = fields["selector"].flatMap({ SettingsReader.text($0) }), DNSName(selector) != nil,
            let file = fields["keyFile"].flatMap({ SettingsReader.text($0) }), keys[domain] == nil
          else { return nil }
          keys[domain] = Settings.DKIMKey(selector: selector, keyFile: file)
        }
        return keys
      }
      if let keys {
        settings.dkim = keys.mapValues {
          Settings.DKIMKey(selector: $0.selector, keyFile: reader.absolute($0.keyFile, in: "dkim"))
        }
      }
    }
  }

  static func srsDomain(_ meaning: String) -> Setting {
    Setting("srsDomain", .text, type: "domain name or `none`", initial: "none", meaning) { reader, settings in
      let domain = reader.take("srsDomain", "a domain name or none") { raw -> Domain?? in
        guard let text = String(raw) else { return nil }
        if text == "none" { return .some(nil) }
        guard let domain = Domain(text, international: true)?.canonical, case .name = domain, !domain.isInternational
        else { return nil }
        return .some(domain)
      }
      if let domain { settings.srsDomain = domain }
    }
  }

  static func retrySchedule(_ meaning: String) -> Setting {
    Setting(
      "retrySchedule", .list(numbers: true), type: "list of seconds",
      initial: shown(\.runner.retrySchedule) { code("\($0.map(\.components.seconds))") }, meaning
    ) { reader, settings in
      reader.list("retrySchedule", "numbers of seconds above 0", into: &settings.runner.retrySchedule) {
        SettingsReader.seconds($0)
      }
      if settings.runner.retrySchedule.isEmpty { reader.complain("retrySchedule", "must not be empty") }
    }
  }

  /// It comes after `deliveriesPerDestination`, which limits without deliveries of their own use.
  static func destinationLimits(_ meaning: String) -> Setting {
    Setting(
      "destinationLimits", .object, type: "object, domain → `{\"deliveries\", \"interval\"}`", initial: "`{}`", meaning
    ) { reader, settings in
      let expected = "an object of domains, each with an object of \"deliveries\" and \"interval\""
      let deliveries = settings.runner.destinationLimit.deliveries
      let limits = reader.take("destinationLimits", expected) { raw -> [String: DestinationLimit]? in
        guard case .map(let entries) = raw else { return nil }
        let limits = entries.compactMapValues { limit($0, deliveries: deliveries) }
        return limits.count == entries.count && Settings.arePatterns(limits.keys) ? limits : nil
      }
      if let limits { settings.destinationLimits = limits }
    }
  }

  private static func limit(_ raw: AttributeValue, deliveries: Int) -> DestinationLimit? {
    guard case .map(let fields) = raw, Set(fields.keys).isSubset(of: ["deliveries", "interval"]) else { return nil }
    var limit = DestinationLimit(deliveries: deliveries)
    if let deliveries = fields["deliveries"] {
      guard case .integer(let number) = deliveries, (1...10_000).contains(number) else { return nil }
      limit.deliveries = Int(number)
    }
    if let interval = fields["interval"] {
      guard let seconds = SettingsReader.seconds(interval) else { return nil }
      limit.interval = seconds
    }
    return limit
  }
}
