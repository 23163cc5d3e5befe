import MTACore
import MTACrypto

/// The keys that sign what is posted, by Standard Webhooks 1.0: HMAC-SHA256 over `ID.SECONDS.BODY`.
package struct WebhookKeys: Hashable, Sendable {
  private let keys: [[UInt8]]

  /// Keys at a time: the receiver may know the old one or the new one.
  static let most = 4
  static let octets = 24...64

  /// Reads `whsec_` and Base64 of 24 to 64 octets, one key a line, at most four. Empty lines and lines that begin with `#` are skipped.
  ///
  /// - Returns: nil if a line is something else, or if there is no key.
  package init?(_ file: [UInt8]) {
    var keys: [[UInt8]] = []
    for line in file.split(separator: 10) {
      var text = line
      while let last = text.last, last == 13 || last == 32 { text.removeLast() }
      if text.isEmpty || text.first == UInt8(ascii: "#") { continue }
      guard keys.count < Self.most, text.starts(with: "whsec_".utf8), let key = Base64.decode(text.dropFirst(6)),
        Self.octets.contains(key.count)
      else { return nil }
      keys.append(key)
    }
    if keys.isEmpty { return nil }
    self.keys = keys
  }

  /// The value of `Webhook-Signature`: one signature for each key.
  package func signature(id: String, at seconds: Int64, body: [UInt8]) -> String {
    let signed = Array("\(id).\(seconds).".utf8) + body
    return keys.map {
      "v1," + String(decoding: Base64.encode(HMACSHA256.code(for: signed, key: $0)), as: UTF8.self)
    }.joined(separator: " ")
  }
}
