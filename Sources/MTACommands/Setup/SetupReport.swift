import MTACore
import MTAServer

/// What `setup` tells: for people as a text, for programs as JSON.
struct SetupReport {
  let plan: SetupPlan
  let folder: String
  let files: [String]
  /// Files that were replaced, under their new names.
  let kept: [String]
  let records: DomainRecords
  /// The password that was made; nil: the operator knows it.
  let password: String?
  let looks: [MachineLook.Finding]

  private var settings: String { files.last ?? "" }

  /// What is odd about it, or left to do: a sentence each.
  var notes: [String] {
    var notes: [String] = []
    switch plan.identity {
    case .own: break
    case .root(let obstacle):
      notes.append(
        "The server stays root, in one process (isolation): no other user can enter \(obstacle). Choose another folder for a server that "
          + "is on duty.")
    case .users(let users) where users.areNumbers:
      notes.append(
        "There is no user \(SetupIdentity.standardUser), so the server becomes user number \(users.user), which no account has. Better make "
          + "one before: useradd --system --no-create-home --shell /usr/sbin/nologin \(SetupIdentity.standardUser)")
    case .users: break
    }
    if plan.ports == .high {
      notes.append(
        "Other servers come to port 25 alone: have it led to \(plan.ports.standardMail), or run setup as root, or with --ports standard."
      )
    }
    return notes
  }

  // MARK: For people

  var text: String {
    var text = "\(plan.domain) is set up in \(folder)\n\n"
    for file in files { text += "  \(file)\n" }
    for old in kept { text += "  \(old) (as it was)\n" }
    text += "\nThe first user, who also gets mail for \(SetupPlan.roles.joined(separator: ", ")):\n\n"
    text += "  user:     \(plan.user)\n"
    text += password.map { "  password: \($0)\n  It is shown this once; the settings have its hash.\n" } ?? ""
    text += """

      The server \(plan.host) listens on port \(plan.ports.standardMail) for other servers, \(plan.ports.submission) for users with STARTTLS, \
      and \(plan.ports.implicitTLS) for users with TLS.

      """
    for note in notes { text += "\nNote: \(note)\n" }
    if !looks.isEmpty {
      text += "\nThis machine:\n\n"
      for look in looks {
        var line = "  \(look.state): "
        line.append(escaping: look.text)
        text += line + "\n"
      }
    }
    text += certificateText + recordsText + nextText
    return text
  }

  private var certificateText: String {
    let host = records.host
    return """

      The certificate is self-signed: programs of users will warn of it, and it proves nothing to other servers. Replace it by one of a public \
      authority, for example by certbot (ACME), which keeps the key so that the TLSA record stays true:

        certbot certonly --standalone --reuse-key -d \(host)

      then set in \(settings)

        "certificate": "/etc/letsencrypt/live/\(host)/fullchain.pem", "privateKey": "/etc/letsencrypt/live/\(host)/privkey.pem"

      and have the server read it, now and after each renewal: \(ProgramName.own) reload --config \(ShellWord.quoted(settings))

      """
  }

  private var recordsText: String {
    var text = "\nDNS records to publish:\n\n"
    if records.addresses.isEmpty {
      text += "; address of the server\n; \(records.host.presentation) IN A <its public IPv4 address>\n"
      text += "; \(records.host.presentation) IN AAAA <its public IPv6 address, if it has one>\n"
    }
    for entry in records.entries {
      text += "; \(entry.purpose)\(entry.note.map { " (\($0))" } ?? "")\n\(entry.line)\n"
    }
    if records.addresses.isEmpty {
      text += "; PTR: the name of the address (by whoever gave you the address)\n"
      text += "; <reverse name of the address> IN PTR \(records.host.presentation)\n"
    }
    text += "\nThe policy of MTA-STS, to be served as \(records.policyAddress):\n\n"
    for line in records.policy.split(separator: "\r\n") { text += "  \(line)\n" }
    text += "\nOnce mail flows, \"mode: enforce\" and a new id in the record make it binding.\n"
    return text
  }

  private var nextText: String {
    """

    Next:

      \(ProgramName.own) check-config --config \(ShellWord.quoted(settings))
      \(plan.isService ? "systemctl start swift-mta.socket swift-mta.service  # or, without systemd:\n  " : "")\
    \(ProgramName.own) serve --config \(ShellWord.quoted(settings))
      \(ProgramName.own) check-domain \(plan.domain) --config \(ShellWord.quoted(settings))

    """
  }
}

// MARK: For programs

/// The keys are a contract: see `Docs/COMMANDS.md`.
extension SetupReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case domain, host, settings, files, replaced, user, ports, certificate, records, mtaSTS, machine, notes
  }

  private struct User: Encodable {
    var address: String
    var password: String?

    private enum CodingKeys: String, CodingKey { case address, password }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(address, forKey: .address)
      try fields.encode(nullable: password, forKey: .password)
    }
  }

  private struct Ports: Encodable {
    var standardMail, submission, implicitTLS: UInt16
  }

  private struct Certificate: Encodable {
    var path: String
    var selfSigned: Bool
  }

  private struct Policy: Encodable {
    var url, text: String
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode("\(plan.domain)", forKey: .domain)
    try fields.encode("\(plan.host)", forKey: .host)
    try fields.encode(settings, forKey: .settings)
    try fields.encode(files, forKey: .files)
    try fields.encode(kept, forKey: .replaced)
    try fields.encode(User(address: "\(plan.user)", password: password), forKey: .user)
    try fields.encode(
      Ports(
        standardMail: plan.ports.standardMail, submission: plan.ports.submission, implicitTLS: plan.ports.implicitTLS),
      forKey: .ports)
    try fields.encode(Certificate(path: "\(folder)/\(SetupPlan.certificate)", selfSigned: true), forKey: .certificate)
    try fields.encode(records.entries.map(RecordReport.init), forKey: .records)
    try fields.encode(Policy(url: records.policyAddress, text: records.policy), forKey: .mtaSTS)
    try fields.encode(looks, forKey: .machine)
    try fields.encode(notes, forKey: .notes)
  }
}

/// A record to publish, as JSON.
struct RecordReport: Encodable {
  var name, type, data, purpose: String
  var note: String?

  init(_ entry: DomainRecords.Entry) {
    name = entry.record.name.presentation
    type = entry.record.type.mnemonic
    data = entry.record.data.presentation
    purpose = entry.purpose
    note = entry.note
  }

  private enum CodingKeys: String, CodingKey { case name, type, data, purpose, note }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(name, forKey: .name)
    try fields.encode(type, forKey: .type)
    try fields.encode(data, forKey: .data)
    try fields.encode(purpose, forKey: .purpose)
    try fields.encode(nullable: note, forKey: .note)
  }
}
