import MTACore
import MTAReceiver

/// Settings that are well formed and yet wrong: checked before a server starts, and before a reload.
extension Settings {
  /// - Throws: ``SettingsFailure`` naming each user whose value is not a hash. No value is shown: it may be a password.
  func check() throws(SettingsFailure) {
    let problems = hashProblems
    if !problems.isEmpty { throw SettingsFailure(problems) }
  }

  var hashProblems: [String] {
    let isHashElsewhere = InheritedFiles.shared.isInheriting
    let wrong = users.filter { _, hash in
      guard let hash, !(isHashElsewhere && hash == SettingsSecrets.hashElsewhere) else { return false }
      return !CryptHashForm.isKnown(hash)
    }
    return wrong.keys.map(\.description).sorted().map {
      "users: \($0): this system's crypt(3) does not know the hash; * is for a mailbox without a login"
    }
  }

  /// Problems that do not prevent a start: a sentence each, beginning with the key.
  func warnings() -> [String] {
    var warnings = reading.notes + fileWarnings + OwnFiles(self).warnings
    if localDomains.isEmpty {
      warnings.append("localDomains: none, so mail is taken only for mailboxes that the hooks know")
    }
    if let address = httpListen?.address, !Network.loopback.contains(where: { $0.contains(address) }) {
      warnings.append(
        "httpListen: \(address) is no address of this machine alone, and metrics are told to whoever asks there")
    }
    if webhooks.target != nil, webhooks.secretFile == nil {
      warnings.append("eventsSecretFile: none, so the receiver of eventsTo cannot tell our events from others'")
    }
    return warnings + AddressCheck(self).warnings
  }
}
