import MTACore
import MTASystem
import MTATLS

/// The certificates and keys of a server, read. One process can read them, and another, which may not, use them.
///
/// No text of it has a byte of a key.
struct ServerCertificates: Hashable, Sendable, Codable {
  struct Entry: Hashable, Sendable, Codable {
    /// In lower case, with A-labels; `*` is the default.
    var name: String
    /// The key of the settings that names the files.
    var setting: String
    var chainFile: String
    var chain: [UInt8]
    var keyFile: String
    var key: [UInt8]
  }

  /// The default comes first; never empty.
  private(set) var entries: [Entry]

  init(_ entries: [Entry]) { self.entries = entries }

  /// Reads the files; nil where the settings name none.
  ///
  /// - Throws: ``StartFailure``, naming all that cannot be read.
  init?(reading settings: Settings) throws(StartFailure) {
    var named = settings.certificates
    var setting = "certificates: *"
    if let chain = settings.certificate, let key = settings.privateKey {
      named["*"] = Settings.CertificateFiles(certificate: chain, privateKey: key)
      setting = "certificate, privateKey"
    }
    var problems: [String] = []
    var entries: [Entry] = []
    for (name, files) in named.sorted(by: { $0.key < $1.key }) {
      let setting = name == "*" ? setting : "certificates: \(name)"
      func read(_ path: String) -> [UInt8] {
        do throws(FileFailure) { return try Self.read(path) } catch {
          problems.append("\(setting): \(error)")
          return []
        }
      }
      entries.append(
        Entry(
          name: name, setting: setting, chainFile: files.certificate, chain: read(files.certificate),
          keyFile: files.privateKey, key: read(files.privateKey)))
    }
    if !problems.isEmpty { throw StartFailure(problems.joined(separator: "\n")) }
    guard let first = entries.first else { return nil }
    // `*` sorts before every name, but `*.example.org` is no default.
    if first.name != "*" {
      let own = settings.serverName.description
      let place = entries.firstIndex { $0.name == own } ?? entries.firstIndex { Self.fits($0.name, own) } ?? 0
      entries.insert(entries[place], at: 0)
      entries[0].name = "*"
    }
    self.entries = entries
  }

  /// TLS with them: a client gets the certificate of the name that it asks for, and without one the default.
  ///
  /// - Throws: ``StartFailure``, naming all that cannot be used.
  func makeContext() throws(StartFailure) -> TLSContext? {
    var problems: [String] = []
    func context(_ entry: Entry, names: [String: TLSContext] = [:]) -> TLSContext? {
      do throws(TLSFailure) {
        return try TLSContext.server(
          certificateChain: .read(entry.chain, from: entry.chainFile),
          privateKey: .read(entry.key, from: entry.keyFile), names: names)
      } catch {
        problems.append("\(entry.setting): \(error)")
        return nil
      }
    }
    var names: [String: TLSContext] = [:]
    for entry in entries.dropFirst() { names[entry.name] = context(entry) }
    let all = entries.first.flatMap { context($0, names: names) }
    if !problems.isEmpty { throw StartFailure(problems.joined(separator: "\n")) }
    return all
  }

  private static func fits(_ pattern: String, _ name: String) -> Bool {
    guard pattern.hasPrefix("*."), let dot = name.firstIndex(of: ".") else { return false }
    return pattern.dropFirst(1) == name[dot...]
  }

  private static func read(_ path: String) throws(FileFailure) -> [UInt8] {
    try InheritedFiles.shared.read(path, upTo: 1_048_576, at: "certificate.read")
  }
}

extension ServerCertificates: CustomStringConvertible, CustomReflectable {
  var description: String { entries.map { "\($0)" }.joined(separator: ", ") }
  var customMirror: Mirror { Mirror(self, children: ["entries": description]) }
}

extension ServerCertificates.Entry: CustomStringConvertible, CustomReflectable {
  var description: String { "\(name): \(chainFile), \(keyFile)" }
  var customMirror: Mirror { Mirror(self, children: ["files": description]) }
}
