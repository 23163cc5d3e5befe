/// A word of a command that is printed to be copied into a shell.
enum ShellWord {
  /// As it is if a shell takes it as one word, else in quotes.
  static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { octet in
      switch octet {
      case 48...57, 65...90, 97...122, 128...255: true
      default: "_-./:,@%+=".utf8.contains(octet)
      }
    }
    if isPlain, !text.isEmpty { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
