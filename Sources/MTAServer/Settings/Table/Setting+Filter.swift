import MTACore
import MTADelivery

/// The settings of the content filter with forms of their own.
extension Setting {
  static func contentFilter(_ meaning: String) -> Setting {
    Setting("contentFilter", .text, type: "text", initial: "none", meaning) { reader, settings in
      let forms = "spamc:HOST:PORT, spamc:/SOCKET, rspamd:HOST:PORT, rspamd:/SOCKET or none"
      let filter = reader.take("contentFilter", forms) { raw -> Settings.Filter?? in
        guard let text = String(raw) else { return nil }
        return text == "none" ? .some(nil) : Settings.Filter(text).map { .some($0) }
      }
      if let filter { settings.contentFilter = filter }
    }
  }

  /// Points of a filter; `none` and absent are the same.
  static func points(_ key: String, _ place: Place<Double?>, _ meaning: String) -> Setting {
    Setting(key, .number, type: "points or `none`", initial: "none", meaning) { reader, settings in
      let read = reader.take(key, "a number of points from -1000 to 10000, or none") { raw -> Double?? in
        if case .text("none") = raw { return .some(nil) }
        guard let points = Double(raw), (-1000...10_000).contains(points) else { return nil }
        return .some(points)
      }
      if let read { settings[keyPath: place] = read }
    }
  }
}
