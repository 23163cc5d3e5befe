/// OAUTHBEARER (RFC 7628) and its forerunner XOAUTH2: an OAuth 2.0 token in place of a password.
///
/// The `auth` hook gets the token (``Credentials/Proof/bearerToken(_:)``) and asks its issuer; the engine knows nothing of tokens.
/// Offer these mechanisms only if the hook does so.
public struct SASLBearer: SASLMechanism {
  public let name: String
  private let isStandard: Bool

  private init(_ name: String, isStandard: Bool) {
    self.name = name
    self.isStandard = isStandard
  }

  /// OAUTHBEARER, RFC 7628.
  public static let oauthbearer = SASLBearer("OAUTHBEARER", isStandard: true)
  /// XOAUTH2. It is older than the standard, and many clients speak it.
  public static let xoauth2 = SASLBearer("XOAUTH2", isStandard: false)

  public func makeExchange(_ context: SASLContext) -> any SASLExchange {
    Exchange(mechanism: name, isStandard: isStandard)
  }

  struct Exchange: SASLExchange {
    let mechanism: String
    let isStandard: Bool

    mutating func receive(_ response: [UInt8]) -> SASLStep { isStandard ? standard(response) : forerunner(response) }

    /// RFC 7628 §3.2.2: a client learns of the failure from a challenge, and answers it, before the exchange fails.
    mutating func refused() -> [UInt8]? {
      Array((isStandard ? #"{"status":"invalid_token"}"# : #"{"status":"401","schemes":"bearer"}"#).utf8)
    }

    /// RFC 7628 §3.1: `gs2-header ^A *(key "=" value ^A) ^A`.
    private func standard(_ response: [UInt8]) -> SASLStep {
      guard let (header, rest) = GS2Header.read(response), rest.first == 1,
        let pairs = Self.pairs(rest.dropFirst())
      else { return .malformed }
      // RFC 7628 §3.1: channel binding is not defined for it.
      if case .type = header.binding { return .malformed }
      return finished(header.authorizationID ?? "", pairs["auth"])
    }

    /// `user=` name `^Aauth=Bearer ` token `^A^A`.
    private func forerunner(_ response: [UInt8]) -> SASLStep {
      guard let pairs = Self.pairs(response[...]), let user = pairs["user"], let name = SASLText.username(user) else {
        return .malformed
      }
      return finished(name, pairs["auth"])
    }

    private func finished(_ username: String, _ authorization: ArraySlice<UInt8>?) -> SASLStep {
      guard let authorization, let space = authorization.firstIndex(of: 32) else { return .malformed }
      guard authorization[..<space].spells(caseless: "Bearer") else { return .malformed }
      let token = authorization[space...].drop { $0 == 32 }
      // RFC 6750 §2.1: b64token.
      guard !token.isEmpty, token.allSatisfy({ (33...126).contains($0) }) else { return .malformed }
      return .finished(
        Credentials(
          mechanism: mechanism, authorizationID: isStandard && !username.isEmpty ? username : nil, username: username,
          proof: .bearerToken(String(decoding: token, as: UTF8.self))))
    }

    /// Pairs, each ended by ^A, and a ^A behind the last; nil for anything else, and for a key that comes twice.
    private static func pairs(_ bytes: ArraySlice<UInt8>) -> [HostileText: ArraySlice<UInt8>]? {
      var parts = bytes.split(separator: 1, omittingEmptySubsequences: false)
      guard parts.count >= 3, parts.popLast()?.isEmpty == true, parts.popLast()?.isEmpty == true else { return nil }
      var pairs: [HostileText: ArraySlice<UInt8>] = [:]
      for part in parts {
        guard let equals = part.firstIndex(of: UInt8(ascii: "=")), equals > part.startIndex,
          part[..<equals].allSatisfy({ (65...90).contains($0 & 0xdf) }),
          pairs.updateValue(part[(equals + 1)...], forKey: HostileText(part[..<equals])) == nil
        else { return nil }
      }
      return pairs
    }
  }
}
