import MTACore
import MTAReceiver
import MTASystem
import NIOCore

/// The file with the secrets that sign rewritten senders: one a line, of 16 octets or more. The first signs, all verify. Lines that
/// begin with `#` are remarks.
enum SRSSecretFile {
  /// Nil if no domain is set.
  static func rewriter(_ settings: Settings) throws(StartFailure) -> SRSRewriter? {
    guard let domain = settings.srsDomain else { return nil }
    let secrets = try secrets(in: settings.srsSecret, DurableFiles())
    guard let rewriter = SRSRewriter(domain: domain, secrets: secrets) else {
      throw StartFailure("srsSecret: \(settings.srsSecret) holds no secrets, or one with less than 16 octets")
    }
    return rewriter
  }

  /// A missing file is made, for its owner alone. Reports come back for weeks, so the secret must outlive the process.
  static func secrets(in path: String, _ files: DurableFiles) throws(StartFailure) -> [[UInt8]] {
    do throws(FileFailure) {
      do throws(FileFailure) { return try read(path, files) } catch {
        guard error.isNotFound else { throw error }
        try make(path, files)
        return try read(path, files)
      }
    } catch { throw StartFailure("srsSecret: \(error)") }
  }

  private static func read(_ path: String, _ files: DurableFiles) throws(FileFailure) -> [[UInt8]] {
    let file = try files.openOwnForReading(path, at: "srs.open")
    return try file.read(from: 0, upTo: 65_536, at: "srs.read").readableBytesView
      .split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.filter { $0.first != UInt8(ascii: "#") }
      .map { Array($0) }
  }

  /// It gets its name once it is complete, and does not replace one that another process made meanwhile.
  private static func make(_ path: String, _ files: DurableFiles) throws(FileFailure) {
    var generator = SystemRandomNumberGenerator()
    let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    let part = path + ".part"
    try? files.unlink(part, at: "srs.unlink")
    let file = try files.create(part, mode: 0o600, at: "srs.create")
    try file.write(ByteBuffer(bytes: Base64.encode(secret) + [UInt8(ascii: "\n")]), at: "srs.write")
    try file.sync(at: "srs.sync")
    try? files.link(part, to: path, at: "srs.link")
    try files.unlink(part, at: "srs.unlink")
    try files.syncDirectory(DurableFiles.parent(of: path), at: "srs.sync-folder")
  }
}
