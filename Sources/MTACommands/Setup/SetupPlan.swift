import MTACore

/// The settings of a new server: what `setup` writes into `mta.json`.
struct SetupPlan {
  enum Ports: String, CaseIterable {
    /// 25, 465, 587: root's alone, mostly.
    case standard
    /// 2525, 2465, 2587.
    case high

    var standardMail: UInt16 { self == .standard ? 25 : 2525 }
    var implicitTLS: UInt16 { self == .standard ? 465 : 2465 }
    var submission: UInt16 { self == .standard ? 587 : 2587 }
    var all: [UInt16] { [standardMail, implicitTLS, submission] }
  }

  let domain: Domain
  let host: Domain
  /// The first user, who gets what is for postmaster and abuse.
  let user: Mailbox
  let passwordHash: String
  let selector: String
  let ports: Ports
  let identity: SetupIdentity
  /// Nil: a Maildir of the server's own.
  var localDelivery: String?
  var trustsResolvers = false
  /// Of the server: programs on it, and `check-domain`, are not locked out.
  var addresses: [IPAddress] = []
  /// The folder of what the server writes: within the folder, or from the root.
  var state = "state"
  /// The server is a service of this machine: see ``ServicePlaces``.
  var isService = false

  // Paths, within the folder if they do not begin at the root.
  static let settings = "mta.json"
  static let keys = "keys"
  static let certificate = "keys/certificate.pem"
  static let privateKey = "keys/key.pem"
  var srsSecret: String { state + "/srs.secret" }
  var signingKey: String { "keys/dkim-\(selector).pem" }

  /// Names that every domain must have (RFC 2142 §4, §5), and that of the administrator of the host name's zone.
  static let roles = ["postmaster", "abuse", "hostmaster"]

  /// The settings file.
  var text: String {
    var lines: [String] = []
    func add(_ key: String, _ value: String) { lines.append("  \(Self.quoted(key)): \(value)") }
    func add(_ key: String, text: String) { add(key, Self.quoted(text)) }
    add("serverName", text: "\(host)")
    add("localDomains", "[\(Self.quoted("\(domain)"))]")
    add("postmasterName", text: "\(user)")
    add("users", "{\n    \(Self.quoted("\(user)")): \(Self.quoted(passwordHash))\n  }")
    let roles = Self.roles.map { "\($0)@\(domain)" }.filter { Mailbox($0)?.caseFolded != user.caseFolded }
    let aliases = roles.map { "    \(Self.quoted($0)): [\(Self.quoted("\(user)"))]" }
    add("aliases", "{\n\(aliases.joined(separator: ",\n"))\n  }")
    add("listeningPorts", "[\(ports.all.map { Self.quoted("\($0)") }.joined(separator: ", "))]")
    add("standardMailPort", "\(ports.standardMail)")
    add("submissionPort", "\(ports.submission)")
    add("implicitTLSPorts", "[\(ports.implicitTLS)]")
    add("certificate", text: Self.certificate)
    add("privateKey", text: Self.privateKey)
    add(
      "dkim",
      "{\(Self.quoted("\(domain)")): {\"selector\": \(Self.quoted(selector)), \"keyFile\": \(Self.quoted(signingKey))}}"
    )
    add("database", text: state + "/mta.db")
    add("mailQueue", text: state + "/queue")
    add("mtaSTSCache", text: state + "/mta-sts.cache")
    add("localDelivery", text: localDelivery ?? "maildir:\(state)/maildir")
    add("srsDomain", text: "\(domain)")
    add("srsSecret", text: srsSecret)
    let own = ["127.0.0.0/8", "::1"] + addresses.map(\.description)
    add("neverProhibit", "[\(own.map(Self.quoted).joined(separator: ", "))]")
    add("delayWarning", "14400")
    add("queueLifetime", "432000")
    if isService {
      add("lockFile", text: ServicePlaces.running + "/mta.lock")
      add("pidFile", text: ServicePlaces.running + "/mta.pid")
      add("submitSocket", text: ServicePlaces.running + "/submit")
      add("maildrop", text: ServicePlaces.spool + "/maildrop")
    }
    if trustsResolvers { add("trustResolvers", "true") }
    switch identity {
    case .own: break
    case .root: add("isolation", text: "inProcess")
    case .users(let users):
      add("userName", text: users.user)
      add("groupName", text: users.group)
      if let receiver = users.receiver { add("receiverUserName", text: receiver) }
    }
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }

  private static func quoted(_ text: String) -> String { (try? CompactJSON.encode(text)) ?? "\"\"" }
}
