import MTACore
import MTAReceiver
import MTASystem

/// Takes values out of a decoded object, key by key. It collects problems, and at the end unknown keys.
struct SettingsReader {
  private var values: [String: AttributeValue]
  private let keys: Set<String>
  private(set) var problems: [String] = []
  /// Where relative paths begin that are in no file.
  private let folder: String
  /// The sources of values.
  private let origins: [String: Settings.Origin]

  init(_ reading: SettingsReading) {
    origins = reading.origins
    values = reading.values
    keys = Set(values.keys)
    folder = reading.folder
  }

  /// The value of a key, made by `read`. Nil if the key is absent or wrong; a wrong one is noted.
  mutating func take<Value>(_ key: String, _ expected: String, _ read: (AttributeValue) -> Value?) -> Value? {
    guard let raw = values.removeValue(forKey: key) else { return nil }
    if let value = read(raw) { return value }
    // What stands where a secret should may be one.
    let wrong = Self.secrets.contains(key) ? "" : ", not \(raw.shown)"
    complain(key, "must be \(expected)\(wrong)")
    return nil
  }

  /// Whether the key was given.
  func wasGiven(_ key: String) -> Bool { keys.contains(key) }

  mutating func complain(_ key: String, _ problem: String) {
    problems.append("\(key): \(problem)\(origins[key]?.place ?? "")")
  }

  /// Reports unknown keys.
  mutating func finish() {
    for key in values.keys.sorted() { complain(key, "unknown setting") }
  }

  private static let secrets = Set(SettingsTable.rows.filter(\.isSecret).map(\.key))

  // MARK: Forms of value

  mutating func text(_ key: String, into value: inout String) {
    if let text = take(key, "a text that is not empty", { Self.text($0) }) { value = text }
  }

  /// Absent and `none` are the same.
  mutating func optionalText(_ key: String, into value: inout String?) {
    if let text = take(key, "a text that is not empty", { Self.text($0) }) { value = text == "none" ? nil : text }
  }

  mutating func path(_ key: String, into value: inout String) {
    value = absolute(take(key, "a path", { Self.text($0) }) ?? value, in: key)
  }

  mutating func optionalPath(_ key: String, into value: inout String?) {
    if let path = take(key, "a path", { Self.text($0) }), path != "none" { value = absolute(path, in: key) }
  }

  mutating func flag(_ key: String, into value: inout Bool) {
    if let flag = take(key, "true or false", { Bool($0) }) { value = flag }
  }

  mutating func count(_ key: String, _ range: ClosedRange<Int>, into value: inout Int) {
    let expected =
      range.upperBound == .max
      ? "a whole number from \(range.lowerBound)" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    let read = take(key, expected) { raw -> Int? in
      guard case .integer(let number) = raw, let count = Int(exactly: number), range.contains(count) else { return nil }
      return count
    }
    if let read { value = read }
  }

  mutating func port(_ key: String, into value: inout UInt16) {
    if let port = take(key, "a port number", { Self.port($0) }) { value = port }
  }

  mutating func seconds(_ key: String, into value: inout Duration) {
    if let duration = take(key, "a number of seconds above 0", { Self.seconds($0) }) { value = duration }
  }

  mutating func list<Value>(
    _ key: String, _ expected: String, into values: inout [Value], _ read: (AttributeValue) -> Value?
  ) {
    let list = take(key, "a list of " + expected) { raw -> [Value]? in
      guard case .list(let raws) = raw else { return nil }
      let read = raws.compactMap(read)
      return read.count == raws.count ? read : nil
    }
    if let list { values = list }
  }

  /// A path of the value of `key`. In a file it begins at the folder of that file.
  func absolute(_ path: String, in key: String) -> String {
    if path.hasPrefix("/") { return path }
    if case .file(let file) = origins[key] { return PathName.absolute(path, in: DurableFiles.parent(of: file)) }
    return folder + "/" + path
  }

  static func text(_ raw: AttributeValue) -> String? { String(raw).flatMap { $0.isEmpty ? nil : $0 } }

  static func port(_ raw: AttributeValue) -> UInt16? {
    guard case .integer(let number) = raw, number > 0 else { return nil }
    return UInt16(exactly: number)
  }

  static func seconds(_ raw: AttributeValue) -> Duration? {
    guard let seconds = Double(raw), seconds > 0, seconds <= 1_000_000_000 else { return nil }
    return .milliseconds(Int64((seconds * 1000).rounded()))
  }
}

extension AttributeValue {
  /// The value in an error: short, and without text that may be a password's hash.
  var shown: String {
    switch self {
    case .text(let text): "\"\(text.prefix(60))\""
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    case .bytes: "bytes"
    case .list: "this list"
    case .map: "this object"
    }
  }
}
