import MTACore

/// The settings of the process with forms of their own.
extension Setting {
  static func logRotation(_ meaning: String) -> Setting {
    let initial = defaults?.logRotation.map { "`\($0)`" } ?? ""
    return Setting("logRotation", .text, type: "text or `none`", initial: initial, meaning) { reader, settings in
      let rotation = reader.take(
        "logRotation", "daily, weekly, monthly or a number of bytes, and perhaps \", keep N\", or none",
        { Self.rotation($0) })
      if let rotation { settings.logRotation = rotation }
    }.shown { .text($0.logRotation.map { "\($0)" } ?? "none") }
  }

  static func isolation(_ meaning: String) -> Setting {
    Setting("isolation", .text, type: "text", initial: "`inProcess`; as root `workers:2`", meaning) {
      reader, settings in
      let isolation = reader.take(
        "isolation", "inProcess, workers:N (1 to 64), processPerConnection or processPerConnection:N (1 to 4096)",
        { String($0).flatMap { Settings.Isolation($0) } })
      if let isolation { settings.isolation = isolation }
    }.shown { .text("\($0.effectiveIsolation)") }
  }

  static func controlSocket(_ meaning: String) -> Setting {
    Setting("controlSocket", .text, type: "path or `none`", initial: "`database` with `.control` behind it", meaning) {
      reader, settings in
      let place = reader.take("controlSocket", "a path or none") { raw -> Settings.ControlPlace? in
        guard let text = String(raw), !text.isEmpty else { return nil }
        return text == "none" ? Settings.ControlPlace.none : .at(text)
      }
      switch place {
      case .at(let path)?: settings.controlSocket = .at(reader.absolute(path, in: "controlSocket"))
      case let other?: settings.controlSocket = other
      case nil: break
      }
    }.shown { .text($0.controlPath ?? "none") }
  }

  static func receiverUserName(_ meaning: String) -> Setting {
    Setting("receiverUserName", .text, type: "text or `none`", initial: "`userName`", meaning) {
      $0.optionalText("receiverUserName", into: &$1.receiverUserName)
    }.shown { .text($0.receiverUserName ?? $0.userName ?? "none") }
  }

  static func receiverPaths(_ meaning: String) -> Setting {
    Setting(
      "receiverPaths", .list(numbers: false), type: "list of paths, each perhaps behind `rw:`", initial: "`[]`", meaning
    ) { reader, settings in
      var paths: [Settings.ReceiverPath] = []
      reader.list("receiverPaths", "paths, each perhaps behind rw:", into: &paths) {
        String($0).flatMap { Settings.ReceiverPath($0) }
      }
      settings.receiverPaths = paths.map {
        Settings.ReceiverPath(reader.absolute($0.path, in: "receiverPaths"), isWritable: $0.isWritable)
      }
    }.shown { .list($0.receiverPaths.map { .text("\($0)") }) }
  }

  /// Nil is nonsense, and nil within is `none`.
  private static func rotation(_ raw: AttributeValue) -> LineLog.Rotation?? {
    guard let text = String(raw) else { return nil }
    if text == "none" { return .some(nil) }
    return LineLog.Rotation(text).map { .some($0) }
  }
}
