import MTACore
import MTACrypto

/// The server's side of one SCRAM login (RFC 5802 §3, §5).
struct SCRAMExchange: SASLExchange {
  private enum State {
    case begun
    /// The keys are being asked for.
    case opened(SCRAMOpening)
    /// The salt was sent; the proof is awaited.
    case challenged(SCRAMOpening, serverFirst: [UInt8], nonce: [UInt8], SCRAMKeys, isDecoy: Bool)
    /// The proof was right. Ours was sent, and the client acknowledges it (RFC 4954 §4).
    case proven(Credentials)
    case over
  }

  let mechanism: String
  let isPlus: Bool
  let plusIsOffered: Bool
  let bindings: ChannelBindings
  let decoys: SCRAMDecoys
  /// Our part of the nonce.
  let serverNonce: String
  private var state = State.begun

  init(
    mechanism: String, isPlus: Bool, plusIsOffered: Bool, bindings: ChannelBindings, decoys: SCRAMDecoys,
    serverNonce: String
  ) {
    self.mechanism = mechanism
    self.isPlus = isPlus
    self.plusIsOffered = plusIsOffered
    self.bindings = bindings
    self.decoys = decoys
    self.serverNonce = serverNonce
  }

  mutating func receive(_ response: [UInt8]) -> SASLStep {
    let before = state
    state = .over
    switch before {
    case .begun: return open(response)
    case .challenged(let opening, let serverFirst, let nonce, let keys, let isDecoy):
      return verify(response, opening, serverFirst, nonce, keys, isDecoy: isDecoy)
    case .proven(let credentials): return response.isEmpty ? .finished(credentials) : .malformed
    case .opened, .over: return .malformed
    }
  }

  private mutating func open(_ message: [UInt8]) -> SASLStep {
    guard let opening = SCRAMOpening(message) else { return .malformed }
    switch opening.header.binding {
    case .unsupported: if isPlus { return .malformed }
    // RFC 5802 §6: a client that could bind, and thinks that we cannot, though we said so: somebody in between took our
    // offer away.
    case .unused: if isPlus || plusIsOffered { return .rejected }
    case .type(let type):
      guard isPlus else { return .malformed }
      guard bindings[type] != nil else { return .rejected }
    }
    // Nobody acts for somebody else here.
    if let identity = opening.header.authorizationID, !SASLText.areSame(identity, opening.username) {
      return .rejected
    }
    state = .opened(opening)
    return .scramKeys(of: opening.username)
  }

  mutating func receive(keys known: SCRAMKeys?) -> SASLStep {
    guard case .opened(let opening) = state else { return .malformed }
    // Derived for every user, so that it takes the same time.
    guard let decoy = decoys.keys(of: opening.username) else { return .rejected }
    let keys = known ?? decoy
    let nonce = opening.nonce + Array(serverNonce.utf8)
    let serverFirst =
      Array("r=".utf8) + nonce + Array(",s=".utf8) + Base64.encode(keys.salt) + Array(",i=\(keys.iterations)".utf8)
    state = .challenged(opening, serverFirst: serverFirst, nonce: nonce, keys, isDecoy: known == nil)
    return .challenge(serverFirst)
  }

  private mutating func verify(
    _ message: [UInt8], _ opening: SCRAMOpening, _ serverFirst: [UInt8], _ nonce: [UInt8], _ keys: SCRAMKeys,
    isDecoy: Bool
  ) -> SASLStep {
    guard let closing = SCRAMClosing(message) else { return .malformed }
    var binding = opening.header.bytes
    if case .type(let type) = opening.header.binding { binding += bindings[type] ?? [] }
    let comma = [UInt8(ascii: ",")]
    let conversation = opening.bare + comma + serverFirst + comma + closing.withoutProof
    let signature = HMACSHA256.code(for: conversation, key: keys.storedKey)
    guard closing.proof.count == signature.count else { return .malformed }
    // ClientProof is ClientKey XOR ClientSignature, and StoredKey the digest of ClientKey.
    let clientKey = zip(closing.proof, signature).map { $0 ^ $1 }
    let isProven = Secrets.areEqual(SHA256.digest(of: clientKey), keys.storedKey)
    guard closing.nonce == nonce, Secrets.areEqual(closing.binding, binding), isProven, !isDecoy else {
      return .rejected
    }
    state = .proven(
      Credentials(
        mechanism: mechanism, authorizationID: opening.header.authorizationID, username: opening.username,
        proof: .verified))
    return .challenge(
      Array("v=".utf8) + Base64.encode(HMACSHA256.code(for: conversation, key: keys.serverKey)))
  }
}
