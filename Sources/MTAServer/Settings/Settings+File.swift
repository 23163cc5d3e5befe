package import MTACore
import MTADNS
import MTADelivery
import MTAReceiver
import MTASystem
import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Settings {
  /// Reads a settings file: one JSON object, every key known, every value of its form.
  ///
  /// - Throws: ``SettingsFailure`` with every problem, each naming its key.
  public init(contentsOf path: String) throws(SettingsFailure) {
    let data: Data
    do throws(FileFailure) {
      let file = try DurableFiles().openForReading(path, at: "settings.open")
      data = Data(try file.read(from: 0, upTo: 16_777_216, at: "settings.read").readableBytesView)
    } catch { throw SettingsFailure(["the settings file cannot be read: \(error)"]) }
    do throws(JSONCheck.Fault) { try JSONCheck.check(Array(data)) } catch {
      throw SettingsFailure(["\(path), \(error) (JSON)"])
    }
    let values: [String: AttributeValue]
    do {
      values = try JSONDecoder().decode([String: AttributeValue].self, from: data)
    } catch DecodingError.dataCorrupted(let context) {
      let cause = context.underlyingError.map { ": \($0)" } ?? ""
      throw SettingsFailure(["\(path) is not a JSON object: \(context.debugDescription)\(cause)"])
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      let key = context.codingPath.first?.stringValue
      throw SettingsFailure([key.map { "\($0): null is not allowed" } ?? "\(path) is not a JSON object"])
    } catch {
      throw SettingsFailure(["\(path) is not a JSON object"])
    }
    let folder = URL(filePath: path).deletingLastPathComponent().absoluteURL.standardizedFileURL.path()
    try self.init(values, folder: folder.hasSuffix("/") && folder.count > 1 ? String(folder.dropLast()) : folder)
  }

  /// - Parameter folder: where relative paths begin.
  package init(_ values: [String: AttributeValue], folder: String) throws(SettingsFailure) {
    var reader = SettingsReader(values, folder: folder)
    let name = reader.take("serverName", "a domain name") { raw -> Domain? in
      guard let domain = String(raw).flatMap({ Domain($0, international: true) }), case .name = domain,
        domain.dnsName != nil
      else { return nil }
      return domain
    }
    if name == nil, values["serverName"] == nil { reader.complain("serverName", "is required") }
    try self.init(serverName: name ?? Domain("unnamed.invalid"))
    given = values
    readIdentity(&reader)
    readListening(&reader)
    readRules(&reader)
    readDelivery(&reader)
    readRoutes(&reader)
    readFilter(&reader)
    readLimits(&reader)
    readProcess(&reader)
    let later = [
      "logRotation", "userName", "groupName", "showIncomingData", "dumpMailIntoLog",
    ]
    noted = later.filter { values[$0] != nil }
    if let isolation, isolation != .inProcess { noted.append("isolation") }
    try reader.finish()
  }

  private mutating func readIdentity(_ reader: inout SettingsReader) {
    reader.text("serverTitle", into: &serverTitle)
    if let mailbox = reader.take("postmasterName", "a mailbox", { String($0).flatMap { Mailbox($0) } }) {
      postmasterName = mailbox
    }
    reader.list("localDomains", "domain names", into: &localDomains) {
      String($0).flatMap { Domain($0, international: true) }
    }
    let entries = reader.take("users", "an object of mailboxes and crypt(3) hashes, or *") {
      if case .map(let entries) = $0 { entries } else { nil }
    }
    if let entries {
      users = [:]
      for (address, hash) in entries.sorted(by: { $0.key < $1.key }) {
        guard let mailbox = Mailbox(address) else {
          reader.complain("users", "\(address.prefix(100)): is no mailbox")
          continue
        }
        guard case .text(let hash) = hash, !hash.isEmpty else {
          reader.complain("users", "\(mailbox): must be a crypt(3) hash, or *")
          continue
        }
        guard !users.keys.contains(mailbox.caseFolded) else {
          // One of the two spellings would win by chance.
          reader.complain("users", "\(mailbox): stands there twice")
          continue
        }
        users.updateValue(hash == "*" ? nil : hash, forKey: mailbox.caseFolded)
      }
    }
    readForwarding(&reader)
    if let app = reader.take("app", "an object", { if case .map(let entries) = $0 { entries } else { nil } }) {
      self.app = app
    }
  }

  private mutating func readListening(_ reader: inout SettingsReader) {
    reader.list("listeningPorts", "texts PORT, IPv4:PORT, IPv6/PORT or [IPv6]:PORT", into: &listeningPorts) {
      String($0).flatMap { ListenAddress($0) }
    }
    reader.port("standardMailPort", into: &standardMailPort)
    reader.port("internalSubmitPort", into: &internalSubmitPort)
    let first = reader.take("submissionPort", "a port number", { SettingsReader.port($0) })
    if let first { submissionPort = first }
    reader.list("submissionPorts", "port numbers", into: &submissionPorts) { SettingsReader.port($0) }
    if let first, submissionPorts.first != first {
      reader.complain("submissionPort", "is another than the first of submissionPorts; one of the two will do")
    }
    reader.list("implicitTLSPorts", "port numbers", into: &implicitTLSPorts) { SettingsReader.port($0) }
    reader.list("lmtpPorts", "port numbers", into: &lmtpPorts) { SettingsReader.port($0) }
    reader.list("proxyPorts", "port numbers", into: &proxyPorts) { SettingsReader.port($0) }
    reader.list("proxies", "networks such as 192.0.2.0/24", into: &proxies) { String($0).flatMap { Network($0) } }
    if proxies.isEmpty, !proxyPorts.isEmpty {
      reader.complain("proxyPorts", "need proxies, for nobody else is served there")
    }
    reader.list("xclientNetworks", "networks such as 192.0.2.0/24", into: &xclientNetworks) {
      String($0).flatMap { Network($0) }
    }
    reader.optionalPath("certificate", into: &certificate)
    reader.optionalPath("privateKey", into: &privateKey)
    if (certificate == nil) != (privateKey == nil) {
      reader.complain(certificate == nil ? "certificate" : "privateKey", "is needed with its counterpart")
    }
    if certificate == nil, !implicitTLSPorts.isEmpty {
      reader.complain("implicitTLSPorts", "need certificate and privateKey")
    }
    reader.count("maximumConnections", 1...1_000_000, into: &maximumConnections)
    reader.count("maximumConnectionsPerAddress", 1...1_000_000, into: &maximumConnectionsPerAddress)
  }

  private mutating func readRules(_ reader: inout SettingsReader) {
    reader.seconds("receiverTimeout", into: &receiverTimeout)
    reader.seconds("prohibitedSeconds", into: &prohibitedSeconds)
    reader.count("maxFailedMessagesPerPeriod", 1...Int.max, into: &maxFailedMessagesPerPeriod)
    reader.list("neverProhibit", "networks such as 192.0.2.0/24", into: &neverProhibit) {
      String($0).flatMap { Network($0) }
    }
    reader.flag("ehloDomainRequired", into: &ehloDomainRequired)
    reader.flag("ehloDomainVerifies", into: &ehloDomainVerifies)
    reader.flag("enforceMemberPorts", into: &enforceMemberPorts)
    enforceAuthor =
      reader.take("enforceAuthor", "off, local or all") { String($0).flatMap { AuthorEnforcement(rawValue: $0) } }
      ?? enforceAuthor
    if let word = reader.take(
      "trustedNetworks", "\"loopback\" or a list of networks such as 192.0.2.0/24", { Self.networks($0) })
    {
      trustedNetworks = word
    }
    reader.count("maximumMessageBytes", 0...Int.max, into: &maximumMessageBytes)
    reader.count("maximumRecipients", 1...1_000_000, into: &maximumRecipients)
    reader.count("maximumErrorsPerSession", 0...Int.max, into: &maximumErrorsPerSession)
    reader.count("maximumCommandsWithoutMail", 0...Int.max, into: &maximumCommandsWithoutMail)
    reader.count("maximumSessionMemory", 1_048_576...Int.max, into: &maximumSessionMemory)
    reader.count("maximumLoginFailuresPerSession", 1...Int.max, into: &maximumLoginFailuresPerSession)
    reader.count("maximumLoginTriesPerMinute", 1...1000, into: &maximumLoginTriesPerMinute)
    reader.count("maximumRefusedLoginsPerHour", 1...1000, into: &maximumRefusedLoginsPerHour)
    reader.count("maximumReceivedFields", 1...Int.max, into: &maximumReceivedFields)
  }

  private static func networks(_ raw: AttributeValue) -> [Network]? {
    if case .text("loopback") = raw { return Network.loopback }
    guard let texts = [String](raw) else { return nil }
    let networks = texts.compactMap { Network($0) }
    return networks.count == texts.count ? networks : nil
  }

  /// `standard` and `private` stand for networks that need not be written out.
  private static func targets(_ raw: AttributeValue) -> [Network]? {
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

  private mutating func readDelivery(_ reader: inout SettingsReader) {
    reader.path("database", into: &database)
    reader.path("mailQueue", into: &mailQueue)
    if let base = reader.take(
      "messageIDBase", "62 or 36", { Int64($0).flatMap { [62, 36].contains($0) ? Int($0) : nil } })
    {
      messageIDBase = base
    }
    let forms = "maildir:DIR, lmtp:HOST:PORT, lmtp:/SOCKET, smtp:HOST:PORT or none"
    localDelivery = reader.take("localDelivery", forms) { String($0).flatMap { LocalDelivery($0) } } ?? localDelivery
    if case .maildir(let path) = localDelivery { localDelivery = .maildir(directory: reader.absolute(path)) }
    reader.port("remoteSMTPPort", into: &remoteSMTPPort)
    if let networks = reader.take(
      "ignoreTargets", "a list of networks such as 192.0.2.0/24, \"standard\" and \"private\"", { Self.targets($0) })
    {
      ignoreTargets = networks
    }
    let host = reader.take("smarthost", "HOST:PORT, smtps:HOST:PORT or none") { raw -> Smarthost?? in
      guard let text = String(raw) else { return nil }
      if text == "none" { return .some(nil) }
      return Smarthost(text).map { .some($0) }
    }
    if let host { smarthost = host }
    reader.list("resolvers", "texts ADDRESS:PORT", into: &resolvers) { raw in
      guard let text = String(raw) else { return nil }
      // A name server is needed to find a name, so it is itself given by address; only this machine's is fixed.
      return DNSServer(text.hasPrefix("localhost:") ? "127.0.0.1" + text.dropFirst(9) : text)
    }
    reader.flag("trustResolvers", into: &trustResolvers)
    readDKIM(&reader)
    readSRS(&reader)
    reader.seconds("queueRunnerTimeout", into: &queueRunnerTimeout)
    reader.list("retrySchedule", "numbers of seconds above 0", into: &retrySchedule) { SettingsReader.seconds($0) }
    if retrySchedule.isEmpty { reader.complain("retrySchedule", "must not be empty") }
    reader.seconds("queueLifetime", into: &queueLifetime)
    reader.seconds("delayWarning", into: &delayWarning)
    reader.count("reportBurst", 1...1_000_000, into: &reportBurst)
    reader.seconds("reportInterval", into: &reportInterval)
    reader.count("maximumReturnedBytes", 0 ... .max, into: &maximumReturnedBytes)
    if let running = reader.take(
      "queueRunner", "automatic or off", { String($0).flatMap { QueueRunning(rawValue: $0) } })
    {
      queueRunner = running
    }
  }

  private mutating func readDKIM(_ reader: inout SettingsReader) {
    let keys = reader.take("dkim", "an object of domains, each with selector and keyFile") {
      raw -> [Domain: DKIMKey]? in
      guard case .map(let entries) = raw else { return nil }
      var keys: [Domain: DKIMKey] = [:]
      for (name, entry) in entries {
        guard let domain = Domain(name, international: true), case .map(let fields) = entry,
          Set(fields.keys) == ["selector", "keyFile"],
          let selector = fields["selector"].flatMap({ SettingsReader.text($0) }), DNSName(selector) != nil,
          let file = fields["keyFile"].flatMap({ SettingsReader.text($0) }), keys[domain] == nil
        else { return nil }
        keys[domain] = DKIMKey(selector: selector, keyFile: file)
      }
      return keys
    }
    if let keys { dkim = keys.mapValues { DKIMKey(selector: $0.selector, keyFile: reader.absolute($0.keyFile)) } }
  }

  private mutating func readProcess(_ reader: inout SettingsReader) {
    reader.optionalPath("logFile", into: &logFile)
    if let rotation = reader.take(
      "logRotation", "daily, weekly, monthly or a number of bytes, and perhaps \", keep N\"", { Self.rotation($0) })
    {
      logRotation = rotation
    }
    reader.path("pidFile", into: &pidFile)
    reader.path("lockFile", into: &lockFile)
    reader.optionalText("userName", into: &userName)
    reader.optionalText("groupName", into: &groupName)
    if let isolation = reader.take(
      "isolation", "inProcess, workers:N or processPerConnection", { String($0).flatMap { Isolation($0) } })
    {
      self.isolation = isolation
    }
    reader.flag("showIncomingData", into: &showIncomingData)
    reader.flag("dumpMailIntoLog", into: &dumpMailIntoLog)
    reader.flag("displayReceiverDialog", into: &displayReceiverDialog)
    reader.flag("logReceiverConversation", into: &logReceiverConversation)
    reader.flag("displayQueueRunnerDialog", into: &displayQueueRunnerDialog)
    reader.flag("logQueueRunnerConversation", into: &logQueueRunnerConversation)
  }

  private static func rotation(_ raw: AttributeValue) -> String? {
    guard let text = String(raw) else { return nil }
    let parts = text.split(separator: ",").map { $0.trimmingPrefix(" ") }
    guard let period = parts.first, (1...2).contains(parts.count) else { return nil }
    guard ["daily", "weekly", "monthly"].contains(period) || UInt64(period).map({ $0 > 0 }) == true else { return nil }
    if parts.count == 2 { guard parts[1].hasPrefix("keep "), UInt16(parts[1].dropFirst(5)) != nil else { return nil } }
    return text
  }
}

extension Settings.Isolation {
  init?(_ text: String) {
    switch text {
    case "inProcess": self = .inProcess
    case "processPerConnection": self = .processPerConnection
    default:
      guard text.hasPrefix("workers:"), let count = Int(text.dropFirst(8)), (1...256).contains(count) else {
        return nil
      }
      self = .workers(count)
    }
  }
}
