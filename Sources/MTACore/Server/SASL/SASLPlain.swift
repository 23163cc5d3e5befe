/// PLAIN (RFC 4616): name and password in one response.
public struct SASLPlain: SASLMechanism {
  public let name = "PLAIN"
  public init() {}
  public func makeExchange(_ context: SASLContext) -> any SASLExchange { Exchange() }

  struct Exchange: SASLExchange {
    /// RFC 4616 §2: `[authzid] NUL authcid NUL passwd`, in UTF-8.
    mutating func receive(_ response: [UInt8]) -> SASLStep {
      let parts = response.split(separator: 0, omittingEmptySubsequences: false)
      guard parts.count == 3, let authorization = String(validating: parts[0], as: UTF8.self),
        let username = SASLText.username(parts[1]), let password = SASLText.password(parts[2])
      else { return .rejected }
      // Nobody acts for somebody else here: an authorization identity must be the user's own.
      guard authorization.isEmpty || SASLText.areSame(authorization, username) else { return .rejected }
      return .finished(
        Credentials(
          mechanism: "PLAIN", authorizationID: authorization.isEmpty ? nil : authorization, username: username,
          proof: .password(password)))
    }
  }
}

/// LOGIN: name and password, each after a prompt. It was never standardized; older clients have it. Like PLAIN, it is for encrypted
/// connections.
///
/// Both forms in use are taken: the name as an answer to `Username:`, or as an initial response.
public struct SASLLogin: SASLMechanism {
  public let name = "LOGIN"
  public init() {}
  public func makeExchange(_ context: SASLContext) -> any SASLExchange { Exchange() }

  struct Exchange: SASLExchange {
    private var name: [UInt8]?

    mutating func start(_ initial: [UInt8]?) -> SASLStep {
      if let initial { receive(initial) } else { .challenge(Array("Username:".utf8)) }
    }

    mutating func receive(_ response: [UInt8]) -> SASLStep {
      guard let name else {
        self.name = response
        return .challenge(Array("Password:".utf8))
      }
      guard let username = SASLText.username(name[...]), let password = SASLText.password(response[...]) else {
        return .rejected
      }
      return .finished(Credentials(mechanism: "LOGIN", username: username, proof: .password(password)))
    }
  }
}

/// The bounds of what a client may say of itself.
package enum SASLText {
  /// UTF-8, 1 to 255 octets. RFC 4013 §2.3: no control characters, and none that deceives a reader; a name goes
  /// into logs and header fields.
  package static func username(_ bytes: ArraySlice<UInt8>) -> String? {
    DeceptiveScalars.stand(in: bytes) ? nil : text(bytes, atMost: 255)
  }
  /// Whether two names are the same user's: octet by octet, or as addresses, whose spellings differ.
  package static func areSame(_ name: String, _ other: String) -> Bool {
    if name.utf8.elementsEqual(other.utf8) { return true }
    guard let mailbox = Mailbox(name) else { return false }
    return mailbox.caseFolded == Mailbox(other)?.caseFolded
  }
  /// UTF-8 without NUL, 1 to 1,024 octets: RFC 4616 §2 knows no empty password.
  package static func password(_ bytes: ArraySlice<UInt8>) -> String? { text(bytes, atMost: 1024) }

  private static func text(_ bytes: ArraySlice<UInt8>, atMost bound: Int) -> String? {
    guard (1...bound).contains(bytes.count), !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}
