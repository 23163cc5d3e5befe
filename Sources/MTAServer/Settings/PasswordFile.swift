import MTASystem

/// A file with one password and perhaps a line end. It is read when the server starts, and never shown.
enum PasswordFile {
  /// - Parameter key: the setting that names the file.
  /// - Throws: ``StartFailure`` if it cannot be read, or holds no line of text.
  static func read(_ path: String, _ key: String) throws(StartFailure) -> String {
    var bytes: ArraySlice<UInt8>
    do throws(FileFailure) { bytes = try InheritedFiles.shared.read(path, upTo: 4096, at: "password.read")[...] } catch
    {
      throw StartFailure("\(key): \(error)")
    }
    while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
    guard !bytes.isEmpty, !bytes.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }),
      let password = String(validating: bytes, as: UTF8.self)
    else { throw StartFailure("\(key): the file holds no password") }
    return password
  }
}
