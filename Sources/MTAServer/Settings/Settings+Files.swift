import MTACore
import MTASystem

/// The files of the settings themselves.
extension Settings {
  /// Files that others can change, and files with hashes that others can read: a sentence each. They do not prevent a start.
  var fileWarnings: [String] {
    let owners = FileOwners(self)
    return reading.files.flatMap { path -> [String] in
      // The process that handed it over has looked at it.
      guard InheritedFiles.shared.inherited(path) == nil,
        let status = try? DurableFiles().status(path, at: "settings.look")
      else { return [] }
      var warnings: [String] = []
      if owners.letStrangersWrite(status) {
        warnings.append("\(path) (\(FileOwners.mode(status))): others can change these settings; chmod go-w \(path)")
      }
      if let key = secret(in: path), owners.letStrangersRead(status) {
        warnings.append(
          "\(key): \(path) (\(FileOwners.mode(status))) can be read by others; chmod go-r \(path), or put \(key) into a file of its own (include)"
        )
      }
      return warnings
    }
  }

  /// The key of a secret that stands in the file.
  private func secret(in path: String) -> String? {
    if reading.origins["contentFilterPassword"] == .file(path) { return "contentFilterPassword" }
    return reading.origins["users"] == .file(path) && users.values.contains { $0 != nil } ? "users" : nil
  }

  // MARK: for other processes

  /// The bytes of the files that the process for the queue needs and may be unable to read: settings, passwords, keys.
  ///
  /// - Throws: ``StartFailure`` naming the setting of a file that cannot be read.
  package func filesForQueue(from source: InheritedFiles = .shared) throws(StartFailure) -> [String: [UInt8]] {
    var files =
      reading.files.map { (key: "", path: $0) }
      + secretFiles.filter { $0.key != "privateKey" && $0.key != "certificates" }
    if let trustRoots { files.append(("trustRoots", trustRoots)) }
    return try Self.bytes(of: files, source)
  }

  /// The bytes of the files that a process for receivers needs: settings, certificate, private key.
  ///
  /// - Parameter keepsHashes: hooks of the program may check passwords by ``users`` themselves. Without it the settings say who has a
  ///   login, and no hash.
  /// - Throws: ``StartFailure`` naming the setting of a file that cannot be read.
  package func filesForReceivers(
    keepingHashes keepsHashes: Bool, from source: InheritedFiles = .shared
  ) throws(StartFailure) -> [String: [UInt8]] {
    let files = try filesWithoutSecrets(keepingHashes: keepsHashes, from: source)
    var others: [(key: String, path: String)] = []
    if let certificate { others.append(("certificate", certificate)) }
    if let privateKey { others.append(("privateKey", privateKey)) }
    for pair in certificates.values {
      others += [("certificates", pair.certificate), ("certificates", pair.privateKey)]
    }
    if let trustRoots { others.append(("trustRoots", trustRoots)) }
    return files.merging(try Self.bytes(of: others, source)) { $1 }
  }

  /// The files of the settings themselves, without what is secret in them.
  func filesWithoutSecrets(
    keepingHashes keepsHashes: Bool = false, from source: InheritedFiles = .shared
  ) throws(StartFailure) -> [String: [UInt8]] {
    var files = try Self.bytes(of: reading.files.map { (key: "", path: $0) }, source)
    for (path, bytes) in files {
      guard let without = SettingsSecrets.removed(from: bytes, keepingHashes: keepsHashes) else {
        throw StartFailure("\(path) is not a JSON object")
      }
      files[path] = without
    }
    return files
  }

  private static func bytes(
    of files: [(key: String, path: String)], _ source: InheritedFiles
  ) throws(StartFailure) -> [String: [UInt8]] {
    var bytes: [String: [UInt8]] = [:]
    for (key, path) in files {
      let path = PathName.absolute(path)
      // What settings were made of, not what stands in their files by now.
      if let known = source.files[path], key.isEmpty {
        bytes[path] = known
        continue
      }
      do throws(FileFailure) {
        bytes[path] = try source.read(path, upTo: SettingsFiles.maximumBytes, at: "settings.hand")
      } catch { throw StartFailure(key.isEmpty ? "\(error)" : "\(key): \(error)") }
    }
    return bytes
  }
}
