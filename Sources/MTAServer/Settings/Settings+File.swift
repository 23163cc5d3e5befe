package import MTACore
import MTADNS
import MTADelivery
import MTAReceiver

extension Settings {
  /// Reads a settings file, one JSON object, and those that it includes. Every key must be known, and every value must have its form.
  ///
  /// - Parameter overrides: values that replace those of the files.
  /// - Throws: ``SettingsFailure`` with every problem, each naming its key and its file.
  public init(contentsOf path: String, overriding overrides: SettingsOverrides = .none) throws(SettingsFailure) {
    let files = SettingsFiles(path)
    let made = try Self.made(files.reading, overriding: overrides)
    let problems = files.problems + made.problems
    if !problems.isEmpty { throw SettingsFailure(problems) }
    self = made.settings
  }

  /// - Parameter folder: where relative paths begin.
  package init(
    _ values: [String: AttributeValue], overriding overrides: SettingsOverrides = .none, folder: String
  ) throws(SettingsFailure) {
    let made = try Self.made(SettingsReading(values: values, folder: folder), overriding: overrides)
    if !made.problems.isEmpty { throw SettingsFailure(made.problems) }
    self = made.settings
  }

  /// Settings of what was read. Where there is a problem they have the default.
  static func made(
    _ reading: SettingsReading, overriding overrides: SettingsOverrides
  ) throws(SettingsFailure) -> (settings: Settings, problems: [String]) {
    var reading = reading
    reading.values.merge(overrides.values) { $1 }
    reading.origins.merge(overrides.origins) { $1 }
    reading.notes += overrides.notes
    var reader = SettingsReader(reading)
    let name = reader.take("serverName", "a domain name") { raw -> Domain? in
      guard let domain = String(raw).flatMap({ Domain($0, international: true) }), case .name = domain,
        domain.dnsName != nil
      else { return nil }
      return domain
    }
    if name == nil, reading.values["serverName"] == nil { reader.complain("serverName", "is required") }
    var settings = try Settings(serverName: name ?? Domain("unnamed.invalid"))
    settings.reading = reading
    for row in SettingsTable.rows { row.read(&reader, &settings) }
    settings.readTogether(&reader)
    for (key, other) in [("submissionPort", "submissionPorts"), ("submissionPorts", "submissionPort")] {
      // Either says what the other is.
      settings.reading.origins[key] = settings.reading.origins[key] ?? settings.reading.origins[other]
    }
    settings.noted = SettingsTable.rows.filter { $0.isForLater && reading.values[$0.key] != nil }.map(\.key)
    // The one of its values that is true already.
    if settings.isolation == .inProcess { settings.noted.removeAll { $0 == "isolation" } }
    if settings.contentFilterPassword != nil {
      settings.reading.notes.append(
        "contentFilterPassword: is old; put the password into a file, and its path into contentFilterPasswordFile")
    }
    reader.finish()
    return (settings, reader.problems)
  }

  /// Checks that involve two settings.
  private func readTogether(_ reader: inout SettingsReader) {
    if contentFilterPassword != nil, contentFilterPasswordFile != nil {
      reader.complain("contentFilterPassword", "is not needed beside contentFilterPasswordFile")
    }
    if receiver.proxies.isEmpty, !proxyPorts.isEmpty {
      reader.complain("proxyPorts", "need proxies, for nobody else is served there")
    }
    if (certificate == nil) != (privateKey == nil) {
      reader.complain(certificate == nil ? "certificate" : "privateKey", "is needed with its counterpart")
    }
    if certificate != nil, certificates["*"] != nil {
      reader.complain("certificates", "* is the same as certificate and privateKey; one of the two will do")
    }
    if !hasCertificate, !implicitTLSPorts.isEmpty {
      reader.complain("implicitTLSPorts", "need a certificate")
    }
    if (smarthostUser == nil) != (smarthostPasswordFile == nil) {
      reader.complain(
        smarthostUser == nil ? "smarthostUser" : "smarthostPasswordFile", "is needed with its counterpart")
    }
  }
}
