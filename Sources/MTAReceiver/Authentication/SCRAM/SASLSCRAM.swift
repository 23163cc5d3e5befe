public import MTACore
import MTACrypto

/// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677). The password never crosses the wire, the server keeps only ``SCRAMKeys``,
/// and it proves itself to the client as well. PLUS ties the login to its TLS session, so a server in between cannot pass it on.
///
/// ```swift
/// configuration.session.mechanisms = SASLSCRAM.sha256(decoySecret: secret) + [SASLPlain(), SASLLogin()]
/// ```
///
/// The hooks' `scramKeys(for:)` returns a user's keys. A user without keys gets the same exchange. Its salt looks like any other and is
/// always the same for the name. The exchange ends with the same answer as a wrong password.
public struct SASLSCRAM: SASLMechanism {
  public let name: String
  private let isPlus: Bool
  private let decoys: SCRAMDecoys
  private let makeNonce: @Sendable () -> String

  package init(isPlus: Bool, decoys: SCRAMDecoys, makeNonce: @escaping @Sendable () -> String) {
    name = isPlus ? Self.plusName : "SCRAM-SHA-256"
    self.isPlus = isPlus
    self.decoys = decoys
    self.makeNonce = makeNonce
  }

  static let plusName = "SCRAM-SHA-256-PLUS"

  /// Both mechanisms, the one with channel binding first. That one is offered only over TLS.
  ///
  /// - Parameters:
  ///   - decoySecret: the salts of users without keys are derived from it. At least 16 secret octets. Keep it: if a restart changes
  ///     those salts, a stranger can tell them from true ones. Nil: random.
  ///   - decoyIterations: use the iterations of true users' keys.
  public static func sha256(
    decoySecret: [UInt8]? = nil, decoyIterations: Int = SCRAMKeys.defaultIterations
  ) -> [any SASLMechanism] {
    let decoys = SCRAMDecoys(secret: decoySecret ?? Secrets.random(32), iterations: decoyIterations)
    // 144 bits, in characters that RFC 5802 §7 allows in a nonce.
    let makeNonce: @Sendable () -> String = { String(decoding: Base64.encode(Secrets.random(18)), as: UTF8.self) }
    return [true, false].map { SASLSCRAM(isPlus: $0, decoys: decoys, makeNonce: makeNonce) }
  }

  public func isOffered(over encryption: Encryption?) -> Bool {
    // Under TLS 1.2 many clients insist on tls-unique, which says nothing there (RFC 9266 §4): they get plain SCRAM.
    !isPlus || (encryption?.version == "TLSv1.3" && encryption?.channelBindings.isEmpty == false)
  }

  public func makeExchange(_ context: SASLContext) -> any SASLExchange {
    SCRAMExchange(
      mechanism: name, isPlus: isPlus, plusIsOffered: context.offered.contains(Self.plusName),
      bindings: context.encryption?.channelBindings ?? ChannelBindings(), decoys: decoys, serverNonce: makeNonce())
  }
}

/// Keys for users without any. They look like other keys, are always the same for a name, and fit no password.
package struct SCRAMDecoys: Sendable {
  private let secret: [UInt8]
  private let iterations: Int

  package init(secret: [UInt8], iterations: Int) {
    self.secret = secret
    self.iterations = min(max(iterations, 1), 10_000_000)
  }

  func keys(of user: String) -> SCRAMKeys? {
    func derived(_ purpose: String) -> [UInt8] {
      HMACSHA256.code(for: Array("\(purpose)\u{0}\(user)".utf8), key: secret)
    }
    return SCRAMKeys(
      salt: Array(derived("salt").prefix(SCRAMKeys.defaultSaltBytes)), iterations: iterations,
      storedKey: derived("stored key"), serverKey: derived("server key"))
  }
}
