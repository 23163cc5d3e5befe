import ArgumentParser
import MTAServer

struct SettingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings", abstract: "Show every setting: key, type, default and meaning.",
    discussion:
      """
      Keys stand in the settings file and after --set. logFile is --log-file as an option, and MTA_LOG_FILE in the environment. Secrets \
      stand in files alone.
      """)

  @Flag(help: "One JSON object per line, for programs.") var json = false

  @Flag(help: "The tables of Docs/SETTINGS.md.") var markdown = false

  private struct Line: Encodable {
    var key: String
    var environment: String?
    var option: String?
    var type: String
    var `default`: String
    var meaning: String
    var effective: Bool
    var reloaded: Bool
    var secret: Bool
  }

  func run() async throws {
    for section in Setting.Section.allCases {
      if markdown {
        Output.bytes(Array("## \(section.rawValue)\n\n\(SettingsTable.page(of: section))\n\n".utf8))
        continue
      }
      if !json { Output.bytes(Array("\(section.rawValue)\n".utf8)) }
      for row in SettingsTable.rows(of: section) {
        if json { try Output.json(line(row)) } else { Output.bytes(Array(text(row).utf8)) }
      }
    }
  }

  private func line(_ row: Setting) -> Line {
    let isForFiles = row.isSecret || row.isForFiles
    return Line(
      key: row.key, environment: isForFiles ? nil : row.environmentName, option: isForFiles ? nil : row.optionName,
      type: row.type, default: row.initial, meaning: row.meaning, effective: !row.isForLater, reloaded: row.isReloaded,
      secret: row.isSecret)
  }

  private func text(_ row: Setting) -> String {
    let plain = { (text: String) in text.filter { $0 != "`" } }
    return """
        \(row.key)\(row.isForLater ? " (without effect yet)" : "")\(row.isSecret ? " (secret)" : ""): \(plain(row.type)); default \(plain(row.initial))
            \(plain(row.meaning))

      """
  }
}
