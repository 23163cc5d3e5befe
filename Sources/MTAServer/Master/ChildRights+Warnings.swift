import MTADelivery
import MTASystem

extension ChildRights {
  /// What the queue process has, and receivers must not: with the setting that names each.
  struct Holdings: Sendable {
    var data: [(key: String, path: String)] = []
    /// Keys and passwords. Root may have kept them for itself.
    var secrets: [(key: String, path: String)] = []

    init() {}

    init(_ settings: Settings) {
      data = [("database", settings.database), ("mailQueue", settings.mailQueue)]
      if case .maildir(let root) = settings.runner.localDelivery { data.append(("localDelivery", root)) }
      if settings.srsDomain != nil { data.append(("srsSecret", settings.srsSecret)) }
      // Receivers have those of TLS in any case.
      secrets = settings.secretFiles.filter { $0.key != "privateKey" && $0.key != "certificates" }
    }
  }

  /// What an operator should know of the rights that this system gives: a sentence each, beginning with a key.
  ///
  /// | Landlock | receivers have the user of the queue process | a user of their own |
  /// |---|---|---|
  /// | none | they reach all that it has | files that every user may read are in their reach |
  /// | ABI 1, 2 | they can signal it, and truncate its files | – |
  /// | ABI 3 to 5 | they can signal it | – |
  /// | from ABI 6 on | – | – |
  ///
  /// - Parameter abi: that of the kernel's Landlock; 0 for none.
  func warnings(landlock abi: Int = Landlock.supported) -> [String] {
    guard receiver.user == queue.user else {
      if abi > 0 { return [] }
      return [
        "isolation: this kernel has no Landlock (Linux 5.13), so the processes of the server reach all files that every user does, "
          + "beside their own"
      ]
    }
    let advice =
      queue.user == nil
      ? "start it as root, with receiverUserName, or use Linux 6.12 or later"
      : "set it to a user without files, or use Linux 6.12 or later"
    if abi == 0 {
      return [
        "receiverUserName: receivers have the user of the queue process, and this kernel has no Landlock (Linux 5.13). Who takes one "
          + "over reaches \(list(holdings.data + holdings.secrets.filter { canRead($0.path) })); \(advice)"
      ]
    }
    if abi >= 6 { return [] }
    let also = abi < 3 ? ", and cut its files: \(list(holdings.data))" : ""
    return [
      "receiverUserName: receivers have the user of the queue process, and this kernel's Landlock (ABI \(abi)) keeps no signals from "
        + "it. Who takes one over can end it\(also); \(advice)"
    ]
  }

  private func list(_ places: [(key: String, path: String)]) -> String {
    places.map { "\($0.key) \($0.path)" }.joined(separator: ", ")
  }

  /// Whether the user of the queue process can, by the file's mode.
  private func canRead(_ path: String) -> Bool {
    guard let status = try? DurableFiles().status(path, at: "rights.look") else { return false }
    let groups = queue.group.map { [$0] } ?? Accounts.ownGroups
    return status.mode & 0o004 != 0 || status.mode & 0o040 != 0 && groups.contains(status.group)
      || status.mode & 0o400 != 0 && status.owner == queue.user ?? Accounts.number
  }
}
