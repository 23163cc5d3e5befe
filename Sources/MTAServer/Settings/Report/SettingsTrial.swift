import MTACore
import MTADelivery
import MTAReceiver
import MTASystem
import MTATLS

/// Tries what settings name, without starting anything: files, keys, users, ports. A start would end at the first problem; here all are
/// found.
struct SettingsTrial {
  private(set) var problems: [String]
  private(set) var warnings: [String]

  init(_ settings: Settings) {
    problems = settings.hashProblems + OwnFiles(settings).faults
    warnings = settings.noted.map { "\($0): accepted, but takes effect in a later version" }
    if let warning = settings.rootWarning { warnings.append(warning) }
    if let refusal = settings.rootRefusal() { problems.append("\(refusal)") }
    attempt { () throws(StartFailure) in _ = try RootIdentity(settings) }
    tryFiles(settings)
    let certificates = tryTLS(settings)
    tryFolders(settings)
    trySubmission(settings)
    let ports = PortTrial(settings)
    problems += ports.problems
    warnings += ports.warnings + settings.warnings() + (certificates?.warnings(at: SystemClock().now) ?? [])
  }

  private mutating func attempt(_ body: () throws(StartFailure) -> Void) {
    do throws(StartFailure) { try body() } catch {
      problems += error.description.split(separator: "\n").map { "\($0)" }
    }
  }

  private mutating func tryTLS(_ settings: Settings) -> ServerCertificates? {
    var certificates: ServerCertificates?
    attempt { () throws(StartFailure) in
      certificates = try ServerCertificates(reading: settings)
      _ = try certificates?.makeContext()
    }
    if let path = settings.trustRoots {
      do { _ = try TLSContext.client(trustRoots: .certificates(InheritedFiles.shared.pem(path))) } catch {
        problems.append("trustRoots: \(error)")
      }
    }
    return certificates
  }

  /// Passwords and keys: each is read.
  private mutating func tryFiles(_ settings: Settings) {
    for (domain, key) in settings.dkim.sorted(by: { $0.key.description < $1.key.description }) {
      attempt { () throws(StartFailure) in _ = try RunnerPlan.signer(domain, key) }
    }
    attempt { () throws(StartFailure) in
      _ = try settings.credentials(settings.smarthostUser, settings.smarthostPasswordFile, "smarthostPasswordFile")
    }
    for (pattern, route) in settings.routes.sorted(by: { $0.key < $1.key }) {
      attempt { () throws(StartFailure) in
        _ = try settings.credentials(route.user, route.passwordFile, "routes: \(pattern)")
      }
    }
    attempt { () throws(StartFailure) in _ = try settings.filterPassword() }
    attempt { () throws(StartFailure) in _ = try settings.webhookKeys() }
    // A missing one is made at the start, and not here.
    if settings.srsDomain != nil, Self.exists(settings.srsSecret) {
      attempt { () throws(StartFailure) in _ = try SRSSecretFile.rewriter(settings) }
    }
  }

  /// What a server makes, and the folder that must be there for it.
  private mutating func tryFolders(_ settings: Settings) {
    var made = [("database", settings.database), ("pidFile", settings.pidFile), ("lockFile", settings.lockFile)]
    if let log = settings.logFile { made.append(("logFile", log)) }
    if settings.srsDomain != nil { made.append(("srsSecret", settings.srsSecret)) }
    if settings.effectiveIsolation != .inProcess, let rights = try? ChildRights(settings) {
      problems += QueueFolders(settings).faults(for: rights.queue.owner)
      warnings += rights.warnings()
      // The master makes theirs.
      made.removeAll { ["database", "srsSecret"].contains($0.0) && !Self.exists(DurableFiles.parent(of: $0.1)) }
    }
    for (key, path) in made where !path.utf8.starts(with: "/dev/".utf8) {
      let folder = DurableFiles.parent(of: path)
      guard let status = try? DurableFiles().status(folder, at: "trial.look"), status.isDirectory else {
        problems.append("\(key): there is no folder \(folder)")
        continue
      }
      if !PathName.isWritable(folder), !PathName.isWritable(path) {
        problems.append("\(key): this user may not write in \(folder)")
      }
    }
  }

  /// Where local users hand in mail, and who of them are trusted.
  private mutating func trySubmission(_ settings: Settings) {
    if let path = settings.submitSocket, let fault = NamedSocket.fault(path) { problems.append(fault) }
    if let path = settings.submitSocket, let entry = try? OpenFolder(DurableFiles.parent(of: path)).entry(),
      entry.mode & 0o022 != 0
    {
      warnings.append(
        "submitSocket: others can write the folder of \(path), and could listen in its place while no server runs")
    }
    if case .at(let path) = settings.controlSocket, let fault = NamedSocket.fault(path, .control(nil)) {
      problems.append(fault)
    }
    if let group = settings.controlGroup, (try? SystemAccount.group(group)) == nil {
      problems.append("controlGroup: there is no group \(group) on this machine")
    }
    for name in settings.submitTrustedUsers where (try? SystemAccount.user(name)) == nil {
      warnings.append("submitTrustedUsers: there is no user \(name) on this machine")
    }
    guard let folder = settings.maildrop else { return }
    let owner = settings.effectiveIsolation == .inProcess ? nil : (try? ChildRights(settings))?.queue.owner
    if let fault = DropFolder.fault(folder, for: owner) { problems.append(fault) }
    if !Accounts.isRoot {
      warnings.append("maildrop: a server that is not started as root takes in mail of its own user alone")
    }
  }

  private static func exists(_ path: String) -> Bool {
    (try? DurableFiles().statusOfLink(path, at: "trial.look")) != nil
  }
}
