/// A dialogue differed from its script. The description shows the script with the line marked. It also shows what the server logged as
/// trouble: a hook that threw, or was late.
public struct DialogueFailure: Error, CustomStringConvertible {
  /// The path of the script, if it came from a file.
  var file: String?
  let script: [String]
  let line: Int
  let what: String
  /// What the server logged as trouble, hooks that failed above all.
  var log: [String] = []

  public var description: String {
    var text = (file.map { $0 + ", " } ?? "") + "line \(line + 1): \(what)\n"
    for (number, content) in script.enumerated() {
      text += (number == line ? ">>> " : "    ") + content.drop { $0 == " " || $0 == "\t" } + "\n"
    }
    for entry in log { text += "log: " + entry + "\n" }
    return text
  }
}
