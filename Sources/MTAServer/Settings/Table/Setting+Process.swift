import MTACore

/// The settings of the process with forms of their own.
extension Setting {
  static func logRotation(_ meaning: String) -> Setting {
    Setting("logRotation", .text, type: "text", initial: "`daily, keep 14`", meaning) { reader, settings in
      let rotation = reader.take(
        "logRotation", "daily, weekly, monthly or a number of bytes, and perhaps \", keep N\"", { rotationText($0) })
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

  private static func rotationText(_ raw: AttributeValue) -> String? {
    guard let text = String(raw) else { return nil }
    let parts = text.split(separator: ",").map { $0.trimmingPrefix(" ") }
    guard let period = parts.first, (1...2).contains(parts.count) else { return nil }
    guard ["daily", "weekly", "monthly"].contains(period) || UInt64(period).map({ $0 > 0 }) == true else { return nil }
    if parts.count == 2 { guard parts[1].hasPrefix("keep "), UInt16(parts[1].dropFirst(5)) != nil else { return nil } }
    return text
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
