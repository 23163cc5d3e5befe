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

  static func httpListen(_ meaning: String) -> Setting {
    Setting("httpListen", .text, type: "text or `none`", initial: "none", meaning) { reader, settings in
      let forms = "PORT, IPv4:PORT, IPv6/PORT, [IPv6]:PORT or none"
      let place = reader.take("httpListen", forms) { raw -> ListenAddress?? in
        // A number from the command line.
        guard let text = String(raw) ?? SettingsReader.port(raw).map({ "\($0)" }) else { return nil }
        if text == "none" { return .some(nil) }
        guard var place = ListenAddress(text) else { return nil }
        // What is told there is for this machine, unless somebody says otherwise.
        place.address = place.address ?? .loopback4
        return place
      }
      if let place { settings.httpListen = place }
    }.shown { .text($0.httpListen.map { "\($0)" } ?? "none") }
  }

  static func certificates(_ meaning: String) -> Setting {
    Setting(
      "certificates", .object, type: "object, host name or `*` → `{\"certificate\", \"privateKey\"}`", initial: "`{}`",
      meaning
    ) { reader, settings in
      let forms = "an object of host names, *.DOMAIN or *, each with certificate and privateKey"
      let files = reader.take("certificates", forms) { raw -> [String: Settings.CertificateFiles]? in
        guard case .map(let entries) = raw else { return nil }
        var files: [String: Settings.CertificateFiles] = [:]
        for (text, entry) in entries {
          guard let name = hostPattern(text), files[name] == nil, case .map(let fields) = entry,
            Set(fields.keys) == ["certificate", "privateKey"],
            let certificate = fields["certificate"].flatMap({ SettingsReader.text($0) }),
            let key = fields["privateKey"].flatMap({ SettingsReader.text($0) })
          else { return nil }
          files[name] = Settings.CertificateFiles(certificate: certificate, privateKey: key)
        }
        return files
      }
      guard let files else { return }
      settings.certificates = files.mapValues {
        Settings.CertificateFiles(
          certificate: reader.absolute($0.certificate, in: "certificates"),
          privateKey: reader.absolute($0.privateKey, in: "certificates"))
      }
    }
  }

  /// The name as a client asks for it: in lower case, with A-labels.
  private static func hostPattern(_ text: String) -> String? {
    if text == "*" { return text }
    let isWild = text.hasPrefix("*.")
    guard let name = DNSName(international: isWild ? String(text.dropFirst(2)) : text), name.isHostName else {
      return nil
    }
    return (isWild ? "*." : "") + name.description.lowercased()
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
