import MTACore
import Testing

@testable import MTAReceiver

/// SCRAM alone: RFC 7677's example, the grammar of RFC 5802, and what must fail.
@Suite struct SCRAMExchangeTests {
  static let serverNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
  private static let salt = "W22ZaJ0SNY7soEsUEjb6gQ=="
  static let first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
  static let serverFirst = "r=rOprNGfwEbeRWgbNEkqO\(serverNonce),s=\(salt),i=4096"
  static let final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO\(serverNonce),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
  static let serverFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

  static func keys() throws -> SCRAMKeys {
    try SCRAMKeys(password: "pencil", salt: Base64.decode(salt.utf8), iterations: 4096)
  }

  private let bindings = ChannelBindings(tlsExporter: [1, 2, 3], tlsServerEndPoint: [4, 5])
  private let decoys = SCRAMDecoys(secret: [7], iterations: 4096)

  private func makeExchange(isPlus: Bool = false, plusIsOffered: Bool = false, secret: [UInt8] = [7]) -> SCRAMExchange {
    SCRAMExchange(
      mechanism: isPlus ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256", isPlus: isPlus, plusIsOffered: plusIsOffered,
      bindings: bindings, decoys: SCRAMDecoys(secret: secret, iterations: 4096), serverNonce: Self.serverNonce)
  }

  private func text(_ step: SASLStep) -> String {
    if case .challenge(let bytes) = step { String(decoding: bytes, as: UTF8.self) } else { "\(step)" }
  }

  /// RFC 7677 §3.
  @Test func publishedExample() throws {
    var exchange = makeExchange()
    #expect(exchange.start(nil) == .challenge([]))
    #expect(exchange.receive(Array(Self.first.utf8)) == .scramKeys(of: "user"))
    #expect(text(exchange.receive(keys: try Self.keys())) == Self.serverFirst)
    #expect(text(exchange.receive(Array(Self.final.utf8))) == Self.serverFinal)
    #expect(
      exchange.receive([])
        == .finished(Credentials(mechanism: "SCRAM-SHA-256", username: "user", proof: .verified)))
    #expect(exchange.receive([]) == .malformed)
    var client = SCRAMClient(password: "pencil")
    #expect(client.first == Self.first && client.final(Self.serverFirst) == Self.final)
    #expect(client.believes(Self.serverFinal))
  }

  /// Plays a client to its proof; the step that answers it.
  private func verdict(
    _ client: SCRAMClient, on exchange: SCRAMExchange, keys: SCRAMKeys? = nil,
    change: (String) -> String = { $0 }
  ) throws -> SASLStep {
    var (client, exchange) = (client, exchange)
    let opened = exchange.start(Array(client.first.utf8))
    guard case .scramKeys = opened else { return opened }
    let challenge = text(exchange.receive(keys: try keys ?? Self.keys()))
    let final = client.final(challenge)
    let step = exchange.receive(Array(change(final).utf8))
    if case .challenge = step { #expect(client.believes(text(step))) }
    return step
  }

  private func isProof(_ step: SASLStep) -> Bool { text(step).hasPrefix("v=") }

  @Test func wrongPasswordsAndTamperedProofsAreRejected() throws {
    let pencil = SCRAMClient(password: "pencil")
    #expect(isProof(try verdict(pencil, on: makeExchange())))
    #expect(try verdict(SCRAMClient(password: "pencil2"), on: makeExchange()) == .rejected)
    #expect(try verdict(pencil, on: makeExchange()) { $0.replacing("c=biws", with: "c=eSws") } == .rejected)
    #expect(try verdict(pencil, on: makeExchange()) { $0.replacing("k0,p", with: "k1,p") } == .rejected)
    // A proof of another length, and none.
    #expect(try verdict(pencil, on: makeExchange()) { _ in Self.final.replacing("dHzb", with: "") } == .malformed)
    #expect(try verdict(pencil, on: makeExchange()) { _ in "" } == .malformed)
    // Signed over an extension that was added on the way.
    #expect(try verdict(pencil, on: makeExchange()) { $0.replacing(",p=", with: ",x=y,p=") } == .rejected)
  }

  @Test(arguments: ["tls-exporter", "tls-server-end-point"])
  func plusBindsToTheChannel(type: String) throws {
    var client = SCRAMClient(password: "pencil")
    client.header = "p=\(type),,"
    client.bindingData = try #require(bindings[type])
    #expect(isProof(try verdict(client, on: makeExchange(isPlus: true, plusIsOffered: true))))
    // Somebody in between has another session with us.
    client.bindingData = [9, 9, 9]
    #expect(try verdict(client, on: makeExchange(isPlus: true, plusIsOffered: true)) == .rejected)
    client.header = "p=tls-unique,,"
    #expect(try verdict(client, on: makeExchange(isPlus: true, plusIsOffered: true)) == .rejected)
  }

  /// The flags of RFC 5802 §6, against what was offered.
  @Test func downgradesAreNoticed() throws {
    var client = SCRAMClient(password: "pencil")
    client.header = "y,,"
    #expect(isProof(try verdict(client, on: makeExchange())))
    // It could bind, we said that we can, and it did not hear.
    #expect(try verdict(client, on: makeExchange(plusIsOffered: true)) == .rejected)
    #expect(try verdict(client, on: makeExchange(isPlus: true, plusIsOffered: true)) == .rejected)
    client.header = "n,,"
    #expect(isProof(try verdict(client, on: makeExchange(plusIsOffered: true))))
    #expect(try verdict(client, on: makeExchange(isPlus: true, plusIsOffered: true)) == .malformed)
    client.header = "p=tls-exporter,,"
    #expect(try verdict(client, on: makeExchange(plusIsOffered: true)) == .malformed)
  }

  @Test func authorizationIdentities() throws {
    var client = SCRAMClient(password: "pencil")
    client.header = "n,a=user,"
    #expect(isProof(try verdict(client, on: makeExchange())))
    client.header = "n,a=other,"
    #expect(try verdict(client, on: makeExchange()) == .rejected)
    client.header = "n,a=Us=2Ce=3Dr,"
    client.username = "Us=2Ce=3Dr"
    var exchange = makeExchange()
    #expect(exchange.start(Array(client.first.utf8)) == .scramKeys(of: "Us,e=r"))
  }

  @Test func strangersGetTheSameSaltEachTime() throws {
    func challenge(_ name: String, secret: [UInt8] = [7]) -> String {
      var exchange = makeExchange(secret: secret)
      _ = exchange.start(Array("n,,n=\(name),r=abc".utf8))
      return text(exchange.receive(keys: nil))
    }
    #expect(challenge("a") == challenge("a"))
    #expect(challenge("a") != challenge("b") && challenge("a") != challenge("a", secret: [8]))
    #expect(challenge("a").utf8.count == "r=abc\(Self.serverNonce),s=\(Self.salt),i=4096".utf8.count)
    // No password fits a decoy.
    var client = SCRAMClient(password: "pencil")
    var exchange = makeExchange()
    _ = exchange.start(Array(client.first.utf8))
    let final = client.final(text(exchange.receive(keys: nil)))
    #expect(exchange.receive(Array(final.utf8)) == .rejected)
  }

  @Test(arguments: [
    "", "n", "n,,", "n,,n=user", "n,,r=abc,n=user", "n,,n=,r=abc", "n,,n=user,r=", "n,,n=us=er,r=abc",
    "n,,n=us=2cer,r=abc",
    "n,,m=x,n=user,r=abc", "n,,n=user,r=a c", "n,,n=user,r=é", "n,,n=user,r=abc,", "n,,n=user,r=abc,m=x",
    "n,,n=user,r=abc,xy=z", "n,,n=user,r=abc,x=", "n,,n=user,r=abc,p=x", "n,,n=us\u{1}er,r=abc", "n,,n=us\0er,r=abc",
    "x,,n=user,r=abc", "n,x=y,n=user,r=abc", "n,a=,n=user,r=abc", "n=user,r=abc",
  ])
  func openingsAreParsedStrictly(message: String) {
    var exchange = makeExchange()
    #expect(exchange.start(Array(message.utf8)) == .malformed)
  }

  @Test(arguments: ["n,,n=user,r=abc", "n,,n=user,r=abc,x=y,z=1=2", "y,,n=user,r=!+~"])
  func openings(message: String) {
    var exchange = makeExchange()
    #expect(exchange.start(Array(message.utf8)) == .scramKeys(of: "user"))
  }

  @Test func noncesAreBounded() {
    var exchange = makeExchange()
    #expect(exchange.start(Array("n,,n=user,r=\(String(repeating: "x", count: 513))".utf8)) == .malformed)
    var invalid = makeExchange()
    #expect(invalid.start(Array("n,,n=".utf8) + [0xFF] + Array(",r=abc".utf8)) == .malformed)
  }

  @Test(arguments: [
    "c=biws", "c=biws,p=AAAA", "r=x,c=biws,p=AAAA", "c=biws,r=x,p=", "c=biws,r=x,p=A", "c=b,r=x,p=AAAA",
    "c=biws,r=x,p=AAAA,x=y", "c=biws,r=x,m=y,p=AAAA", "c=biws,r=x,,p=AAAA", "c=,r=x,p=AAAA",
  ])
  func closingsAreParsedStrictly(message: String) { #expect(SCRAMClosing(Array(message.utf8)) == nil) }
}
