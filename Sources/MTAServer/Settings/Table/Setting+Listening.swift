import MTACore
import MTAReceiver

/// The settings of ports with forms of their own.
extension Setting {
  static func listeningPorts(_ meaning: String) -> Setting {
    Setting(
      "listeningPorts", .list(numbers: false), type: "list of texts",
      initial: shown(\.listeningPorts) { code("\($0.map { "\($0.port)" })") }, meaning
    ) {
      $0.list("listeningPorts", "texts PORT, IPv4:PORT, IPv6/PORT or [IPv6]:PORT", into: &$1.listeningPorts) {
        String($0).flatMap { ListenAddress($0) }
      }
    }.shown { .list($0.listeningPorts.map { .text("\($0)") }) }
  }

  /// It comes after `submissionPorts`, and may be given without it.
  static func submissionPort(_ meaning: String) -> Setting {
    Setting(
      "submissionPort", .number, type: "port", initial: shown(\.submissionPort) { code("\($0)") }, meaning
    ) { reader, settings in
      guard let port = reader.take("submissionPort", "a port number", { SettingsReader.port($0) }) else { return }
      if reader.wasGiven("submissionPorts"), settings.submissionPort != port {
        reader.complain("submissionPort", "is another than the first of submissionPorts; one of the two will do")
      } else {
        settings.submissionPort = port
      }
    }.shown { .integer(Int64($0.submissionPort)) }
  }

  static func trustedNetworks(_ meaning: String) -> Setting {
    Setting(
      "trustedNetworks", .list(numbers: false), type: "`\"loopback\"` or list of networks", initial: "`\"loopback\"`",
      meaning
    ) { reader, settings in
      let networks = reader.take(
        "trustedNetworks", "\"loopback\" or a list of networks such as 192.0.2.0/24"
      ) { raw -> [Network]? in
        // A list of one from the command line.
        if case .text("loopback") = raw { return Network.loopback }
        guard let texts = [String](raw) else { return nil }
        if texts == ["loopback"] { return Network.loopback }
        let networks = texts.compactMap { Network($0) }
        return networks.count == texts.count ? networks : nil
      }
      if let networks { settings.receiver.trustedNetworks = networks }
    }
  }
}
