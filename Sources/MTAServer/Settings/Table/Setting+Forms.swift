import MTACore

/// The forms that many settings share. The default on the page is read from the property that the setting sets.
extension Setting {
  typealias Place<Value> = any WritableKeyPath<Settings, Value> & Sendable

  /// Settings with a name alone.
  static let defaults: Settings? = try? Settings(serverName: "mail.village.example")

  static func shown<Value>(_ place: Place<Value>, _ show: (Value) -> String) -> String {
    defaults.map { show($0[keyPath: place]) } ?? ""
  }

  static func code(_ text: String) -> String { "`\(text)`" }

  /// A text that is not empty; `none` stands for nothing.
  static func optionalText(_ key: String, _ place: Place<String?>, _ meaning: String) -> Setting {
    Setting(key, .text, type: "text or `none`", initial: "none", meaning) {
      $0.optionalText(key, into: &$1[keyPath: place])
    }.shown { .text($0[keyPath: place] ?? "none") }
  }

  static func path(_ key: String, _ place: Place<String>, _ meaning: String) -> Setting {
    Setting(key, .text, type: "path", initial: shown(place, code), meaning) {
      $0.path(key, into: &$1[keyPath: place])
    }.shown { .text($0[keyPath: place]) }
  }

  static func optionalPath(_ key: String, _ place: Place<String?>, _ meaning: String) -> Setting {
    Setting(key, .text, type: "path or `none`", initial: "none", meaning) {
      $0.optionalPath(key, into: &$1[keyPath: place])
    }.shown { .text($0[keyPath: place] ?? "none") }
  }

  static func flag(_ key: String, _ place: Place<Bool>, _ meaning: String) -> Setting {
    Setting(key, .flag, type: "true or false", initial: shown(place) { code("\($0)") }, meaning) {
      $0.flag(key, into: &$1[keyPath: place])
    }.shown { .flag($0[keyPath: place]) }
  }

  /// - Parameter unit: what is counted, if the key does not say it.
  static func count(
    _ key: String, _ place: Place<Int>, _ range: ClosedRange<Int>, unit: String? = nil, _ meaning: String
  ) -> Setting {
    let numbers =
      range.upperBound == .max
      ? "\(grouped(range.lowerBound)) or more" : "\(grouped(range.lowerBound)) to \(grouped(range.upperBound))"
    return Setting(
      key, .number, type: numbers + (unit.map { " " + $0 } ?? ""), initial: shown(place) { code("\($0)") }, meaning
    ) { $0.count(key, range, into: &$1[keyPath: place]) }
    .shown { .integer(Int64($0[keyPath: place])) }
  }

  static func seconds(_ key: String, _ place: Place<Duration>, _ meaning: String) -> Setting {
    Setting(
      key, .number, type: "seconds", initial: shown(place) { code("\($0.components.seconds)") }, meaning
    ) { $0.seconds(key, into: &$1[keyPath: place]) }
    .shown { seconds($0[keyPath: place]) }
  }

  /// Of what may be switched off in Swift, by nil.
  static func seconds(_ key: String, _ place: Place<Duration?>, _ meaning: String) -> Setting {
    Setting(
      key, .number, type: "seconds", initial: shown(place) { code("\($0?.components.seconds ?? 0)") }, meaning
    ) { reader, settings in
      if let seconds = reader.take(key, "a number of seconds above 0", { SettingsReader.seconds($0) }) {
        settings[keyPath: place] = seconds
      }
    }.shown { $0[keyPath: place].map { seconds($0) } ?? .text("none") }
  }

  /// As a file has it: whole, if it is.
  private static func seconds(_ duration: Duration) -> AttributeValue {
    let (seconds, rest) = duration.components
    return rest == 0 ? .integer(seconds) : .number(Double(seconds) + Double(rest) / 1e18)
  }

  static func port(_ key: String, _ place: Place<UInt16>, _ meaning: String) -> Setting {
    Setting(key, .number, type: "port", initial: shown(place) { code("\($0)") }, meaning) {
      $0.port(key, into: &$1[keyPath: place])
    }.shown { .integer(Int64($0[keyPath: place])) }
  }

  static func ports(_ key: String, _ place: Place<[UInt16]>, _ meaning: String) -> Setting {
    Setting(
      key, .list(numbers: true), type: "list of ports", initial: shown(place) { code("\($0)") }, meaning
    ) { $0.list(key, "port numbers", into: &$1[keyPath: place]) { SettingsReader.port($0) } }
    .shown { .list($0[keyPath: place].map { .integer(Int64($0)) }) }
  }

  static func networks(_ key: String, _ place: Place<[Network]>, _ meaning: String) -> Setting {
    Setting(
      key, .list(numbers: false), type: "list of networks", initial: shown(place) { code("\($0.map(\.description))") },
      meaning
    ) {
      $0.list(key, "networks such as 192.0.2.0/24", into: &$1[keyPath: place]) { String($0).flatMap { Network($0) } }
    }.shown { .list($0[keyPath: place].map { .text("\($0)") }) }
  }

  /// One of the words of a type.
  static func word<Value: RawRepresentable & CaseIterable & Sendable>(
    _ key: String, _ place: Place<Value>, _ meaning: String
  ) -> Setting where Value.RawValue == String {
    let words = Value.allCases.map(\.rawValue)
    return Setting(
      key, .text, type: either(words.map(code)), initial: shown(place) { code($0.rawValue) }, meaning
    ) { reader, settings in
      let word = reader.take(key, either(words)) { String($0).flatMap { Value(rawValue: $0) } }
      if let word { settings[keyPath: place] = word }
    }.shown { .text($0[keyPath: place].rawValue) }
  }

  /// `a`, `b` or `c`.
  private static func either(_ words: [String]) -> String {
    words.dropLast().joined(separator: ", ") + (words.count > 1 ? " or " : "") + (words.last ?? "")
  }

  /// `1,000,000`.
  private static func grouped(_ number: Int) -> String {
    var text = ""
    for (place, digit) in "\(number)".reversed().enumerated() {
      if place > 0, place % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
