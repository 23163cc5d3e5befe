extension SettingsOverrides {
  /// Names of the environment that begin with `MTA_` and set nothing: `MTA_CONFIG`, the path of the settings file, and those that the
  /// tests and tools of this package read.
  public static let otherNames: Set<String> = [
    "MTA_BENCH", "MTA_BINARY", "MTA_CONFIG", "MTA_EXAMPLE_SERVER", "MTA_FUZZ", "MTA_FUZZ_PACKETS", "MTA_FUZZ_TARGET",
    "MTA_GROWTH_TABLE", "MTA_SOURCE", "MTA_WORK_TABLE", "MTA_WRITE_DOCS",
  ]

  /// Kubernetes and Docker tell each container of the services around it. One that is called `mta` has these names.
  private static let servicePrefixes = ["MTA_SERVICE_", "MTA_PORT_"]

  static func isOther(_ name: String) -> Bool {
    otherNames.contains(name) || name == "MTA_PORT" || servicePrefixes.contains { name.hasPrefix($0) }
  }

  /// Arguments of a command line in which every option that is named after a setting has become one `--set`: `--log-file mta.log` and
  /// `--log-file=mta.log` become `--set=--log-file=mta.log`. So a program needs the option `--set` alone, whose values it hands to
  /// ``init(arguments:environment:)``. All others stay as they are, and so does everything behind `--`.
  public static func expanding(_ arguments: some Sequence<String>) -> [String] { expanding(arguments, except: []) }

  /// The options that are named after a setting: `--log-file` and so on.
  package static var optionNames: Set<String> { Set(SettingsTable.rows.map(\.optionName)) }

  /// The same for a command that has options of these names of its own: they stay as they are.
  package static func expanding(_ arguments: some Sequence<String>, except own: Set<String>) -> [String] {
    let options = optionNames.subtracting(own)
    var expanded: [String] = []
    var rest = Array(arguments)[...]
    while let argument = rest.popFirst() {
      if argument == "--" { return expanded + [argument] + rest }
      let name = argument.prefix { $0 != "=" }
      if !options.contains(String(name)) {
        expanded.append(argument)
      } else if name.count < argument.count {
        expanded.append("--set=" + argument)
      } else if let value = rest.first, !value.hasPrefix("--") {
        rest.removeFirst()
        expanded.append("--set=\(argument)=\(value)")
      } else {
        expanded.append("--set=" + argument)
      }
    }
    return expanded
  }
}
