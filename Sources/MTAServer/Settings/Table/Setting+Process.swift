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
    }
  }

  static func isolation(_ meaning: String) -> Setting {
    Setting("isolation", .text, type: "text", initial: "`inProcess`", meaning) { reader, settings in
      let isolation = reader.take(
        "isolation", "inProcess, workers:N or processPerConnection",
        { String($0).flatMap { Settings.Isolation($0) } })
      if let isolation { settings.isolation = isolation }
    }
  }

  /// Nil is nonsense, and nil within is `none`.
  private static func rotation(_ raw: AttributeValue) -> LineLog.Rotation?? {
    guard let text = String(raw) else { return nil }
    if text == "none" { return .some(nil) }
    return LineLog.Rotation(text).map { .some($0) }
  }
}

extension Settings.Isolation {
  init?(_ text: String) {
    switch text {
    case "inProcess": self = .inProcess
    case "processPerConnection": self = .processPerConnection
    default:
      guard text.hasPrefix("workers:"), let count = Int(text.dropFirst(8)), (1...256).contains(count) else {
        return nil
      }
      self = .workers(count)
    }
  }
}
