package import MTACore
import MTADNS
import MTADelivery
import MTAReceiver
import MTASystem
import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Settings {
  /// Reads a settings file: one JSON object. Every key must be known, and every value must have its form.
  ///
  /// - Parameter overrides: values that replace those of the file.
  /// - Throws: ``SettingsFailure`` with every problem, each naming its key.
  public init(contentsOf path: String, overriding overrides: SettingsOverrides = .none) throws(SettingsFailure) {
    let data: Data
    do throws(FileFailure) {
      let file = try DurableFiles().openForReading(path, at: "settings.open")
      data = Data(try file.read(from: 0, upTo: 16_777_216, at: "settings.read").readableBytesView)
    } catch { throw SettingsFailure(["the settings file cannot be read: \(error)"]) }
    do throws(JSONCheck.Fault) { try JSONCheck.check(Array(data)) } catch {
      throw SettingsFailure(["\(path), \(error) (JSON)"])
    }
    let values: [String: AttributeValue]
    do {
      values = try JSONDecoder().decode([String: AttributeValue].self, from: data)
    } catch DecodingError.dataCorrupted(let context) {
      let cause = context.underlyingError.map { ": \($0)" } ?? ""
      throw SettingsFailure(["\(path) is not a JSON object: \(context.debugDescription)\(cause)"])
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      let key = context.codingPath.first?.stringValue
      throw SettingsFailure([key.map { "\($0): null is not allowed" } ?? "\(path) is not a JSON object"])
    } catch {
      throw SettingsFailure(["\(path) is not a JSON object"])
    }
    let folder = URL(filePath: path).deletingLastPathComponent().absoluteURL.standardizedFileURL.path()
    try self.init(
      values, overriding: overrides,
      folder: folder.hasSuffix("/") && folder.count > 1 ? String(folder.dropLast()) : folder)
  }

  /// - Parameter folder: where relative paths begin.
  package init(
    _ file: [String: AttributeValue], overriding overrides: SettingsOverrides = .none, folder: String
  ) throws(SettingsFailure) {
    let values = file.merging(overrides.values) { $1 }
    var reader = SettingsReader(values, folder: folder, sources: overrides.sources)
    let name = reader.take("serverName", "a domain name") { raw -> Domain? in
      guard let domain = String(raw).flatMap({ Domain($0, international: true) }), case .name = domain,
        domain.dnsName != nil
      else { return nil }
      return domain
    }
    if name == nil, values["serverName"] == nil { reader.complain("serverName", "is required") }
    try self.init(serverName: name ?? Domain("unnamed.invalid"))
    given = values
    for row in SettingsTable.rows { row.read(&reader, &self) }
    readTogether(&reader)
    noted = SettingsTable.rows.filter { $0.isForLater && values[$0.key] != nil }.map(\.key)
    // The one of its values that is true already.
    if isolation == .inProcess { noted.removeAll { $0 == "isolation" } }
    try reader.finish()
  }

  /// Checks that involve two settings.
  private func readTogether(_ reader: inout SettingsReader) {
    if receiver.proxies.isEmpty, !proxyPorts.isEmpty {
      reader.complain("proxyPorts", "need proxies, for nobody else is served there")
    }
    if (certificate == nil) != (privateKey == nil) {
      reader.complain(certificate == nil ? "certificate" : "privateKey", "is needed with its counterpart")
    }
    if certificate == nil, !implicitTLSPorts.isEmpty {
      reader.complain("implicitTLSPorts", "need certificate and privateKey")
    }
    if (smarthostUser == nil) != (smarthostPasswordFile == nil) {
      reader.complain(
        smarthostUser == nil ? "smarthostUser" : "smarthostPasswordFile", "is needed with its counterpart")
    }
  }
}
