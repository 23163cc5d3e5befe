import MTAStore

extension MailServer {
  /// What `verify` found. Its keys are those of `verify --json`.
  package struct Verification: Encodable, Sendable {
    package struct Problem: Encodable, Sendable {
      package var kind: String
      package var mail: String?
      package var text: String
    }

    package var whole: Bool
    package var mails: Int
    package var files: Int
    package var bytes: Int
    package var matching: Int
    package var withoutChecksum: Int
    package var arriving: Int
    package var leftovers: [String]
    package var problems: [Problem]
    package var problemCount: Int
  }

  /// Looks at database and content files, and changes nothing. As root it becomes the user of the settings: see ``runQueue(_:_:)``.
  ///
  /// - Parameters:
  ///   - contents: also read all contents and compare them with their checksums.
  ///   - progress: gets the number of mails so far.
  /// - Throws: ``StartFailure``.
  package static func verify(
    _ settings: Settings, _ parts: Parts = Parts(), contents: Bool, progress: (Int) -> Void = { _ in }
  ) throws -> Verification {
    try requireOwnStore(parts, "verified")
    try CommandIdentity.take(settings, parts)
    do throws(MailStore.OpenFailure) {
      return Verification(try MailStore.verify(settings.store, contents: contents) { progress($0.mails) })
    } catch { throw StartFailure(error) }
  }

  static func requireOwnStore(_ parts: Parts, _ done: String) throws(StartFailure) {
    if parts.store != nil {
      throw StartFailure("database: this program has a store of its own, which cannot be \(done)")
    }
  }
}

extension MailServer.Verification {
  fileprivate init(_ report: MailStore.VerifyReport) {
    whole = report.isWhole
    mails = report.mails
    files = report.files
    bytes = report.bytes
    matching = report.matching
    withoutChecksum = report.withoutChecksum
    arriving = report.arriving
    leftovers = report.leftovers
    problems = report.problems.map { Problem(kind: $0.kind.rawValue, mail: $0.mail, text: $0.text) }
    problemCount = report.problemCount
  }
}

extension MailServer.Verification.Problem {
  private enum Key: String, CodingKey { case kind, mail, text }

  /// `mail` is there also where it is null.
  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: Key.self)
    try keys.encode(kind, forKey: .kind)
    try keys.encode(mail, forKey: .mail)
    try keys.encode(text, forKey: .text)
  }
}
