import MTACore

/// Who users of this machine are: their addresses, and whether they are trusted.
struct LocalUsers: Sendable {
  private let trustedNumbers: Set<UInt32>
  /// Compared with the name of a user's number. So nothing is looked up here, where the list of users may be out of reach.
  private let trustedNames: Set<String>
  private let serverName: Domain

  /// - Parameter owner: a user beside root and those of the settings who is trusted; nil: none.
  init(_ settings: Settings, alsoTrusting owner: UInt32? = nil) {
    self.init(
      serverName: settings.serverName,
      trusting: Set([0] + (owner.map { [$0] } ?? []) + settings.submitTrustedUsers.compactMap { UInt32($0) }),
      names: Set(settings.submitTrustedUsers))
  }

  /// - Parameter numbers: root among them.
  init(serverName: Domain, trusting numbers: Set<UInt32>, names: Set<String> = []) {
    (self.serverName, trustedNumbers, trustedNames) = (serverName, numbers, names)
  }

  /// - Parameter name: the user's name; nil where the machine's list has none.
  func user(_ number: UInt32, named name: String?) -> LocalUser? {
    // A name that no address can have, such as one of many words, is not lost: the number stands for it.
    let named = name.flatMap { name in
      name.utf8.allSatisfy { $0.isAtomText || $0 == UInt8(ascii: ".") } ? Mailbox("\(name)@\(serverName)") : nil
    }
    let isTrusted = trustedNumbers.contains(number) || name.map { trustedNames.contains($0) } ?? false
    guard let mailbox = named ?? Mailbox("uid\(number)@\(serverName)") else { return nil }
    return LocalUser(number: number, mailbox: mailbox, isTrusted: isTrusted)
  }
}
