import MTACore
import MTACrypto

@testable import MTADKIM

/// Signs mails with signatures that no sane signer makes: any tag can be replaced or left out, and the signature is
/// right all the same.
struct Forge {
  /// RFC 8463 Appendix A.2.
  static let seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="

  static let key: DKIMPrivateKey? = Base64.decode(seed.utf8).flatMap { try? PrivateKey(ed25519Seed: $0) }.map {
    DKIMPrivateKey($0)
  }

  static let record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
  static let zone: Zone = ["s._domainkey.example.org": record]
  static let mail = "From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n"

  struct NoKey: Error {}

  /// - Parameter tags: replacements; nil leaves the tag out.
  static func sign(
    _ mail: String = Forge.mail, tags: [String: String?] = [:], key: DKIMPrivateKey? = Forge.key
  ) throws -> String {
    guard let key else { throw NoKey() }
    var all: [String: String] = [
      "v": "1", "a": key.algorithm.rawValue, "c": "relaxed/relaxed", "d": "example.org", "s": "s", "h": "From:Subject",
    ]
    let (section, body) = split(mail)
    let form = (tags["c"] ?? nil).flatMap { $0.split(separator: "/").last.map(String.init) } ?? "relaxed"
    let length = (tags["l"] ?? nil).flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }
    var hash = BodyHash(DKIMCanonicalization(rawValue: form) ?? .simple, lengths: length.map { [$0] } ?? [])
    hash.update(Array(body.utf8).span)
    hash.finish()
    all["bh"] = String(
      decoding: Base64.encode(hash.digest(length: length) ?? hash.digest(length: nil) ?? []), as: UTF8.self)
    for (name, value) in tags { all[name] = value }
    var field =
      "DKIM-Signature: " + all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
    field += "; b="
    let header = DKIMCanonicalization(rawValue: String(all["c"]?.split(separator: "/").first ?? "simple")) ?? .simple
    let digest = HeaderHash(section).digest(
      names: (all["h"] ?? "").split(separator: ":").map { FieldName($0.filter { $0 != " " }) },
      canonicalization: header,
      signatureField: Array(field.utf8) + [13, 10])
    field += String(decoding: Base64.encode(try key.signature(ofDigest: digest)), as: UTF8.self)
    return field + "\r\n" + mail
  }

  private static func split(_ mail: String) -> (HeaderSection, String) {
    let section = HeaderSection(Array(mail.utf8))
    let body = mail.utf8.dropFirst(section.fields.reduce(2) { $0 + $1.raw.count })
    return (section, String(decoding: Array(body), as: UTF8.self))
  }
}
