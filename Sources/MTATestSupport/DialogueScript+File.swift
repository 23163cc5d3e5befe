#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension DialogueScript {
  /// The script that a file holds.
  init(file path: String) throws(DialogueFailure) {
    guard let file = fopen(path, "r") else { throw DialogueFailure(script: [], line: 0, what: "cannot be opened") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw DialogueFailure(script: [], line: 0, what: "is not UTF-8")
    }
    try self.init(text)
  }
}
