import MTACore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a settings file has that most processes of a server need not know.
enum SettingsSecrets {
  /// Stands for the hash of a user who has a login, in a process that is not told the hash. No password has it.
  static let hashElsewhere = "?"

  /// A settings file without passwords, and without hashes unless they are kept. `app` is the program's own, and stays.
  ///
  /// - Returns: nil if it is no JSON object.
  static func removed(from bytes: [UInt8], keepingHashes: Bool = false) -> [UInt8]? {
    guard var values = try? SettingsFiles.object(bytes, "") else { return nil }
    values["contentFilterPassword"] = nil
    if !keepingHashes, case .map(let users) = values["users"] {
      values["users"] = .map(users.mapValues { $0 == .text("*") ? $0 : .text(hashElsewhere) })
    }
    guard let text = try? JSONEncoder().encode(values) else { return nil }
    return Array(text)
  }
}
