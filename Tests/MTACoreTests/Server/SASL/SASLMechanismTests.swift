import Testing

@testable import MTACore

/// The mechanisms alone: responses in, steps out.
@Suite struct SASLMechanismTests {
  private let context = SASLContext(encryption: nil, offered: [])

  private func steps(_ mechanism: any SASLMechanism, _ initial: String?, _ responses: String...) -> [SASLStep] {
    var exchange = mechanism.makeExchange(context)
    var steps = [exchange.start(initial.map { Array($0.utf8) })]
    for response in responses { steps.append(exchange.receive(Array(response.utf8))) }
    return steps
  }

  private func finished(_ mechanism: String, _ name: String, _ proof: Credentials.Proof, as identity: String? = nil)
    -> SASLStep
  { .finished(Credentials(mechanism: mechanism, authorizationID: identity, username: name, proof: proof)) }

  @Test func plain() {
    let expected = finished("PLAIN", "tim", .password("tanstaaftanstaaf"))
    // RFC 4616 §4.
    #expect(steps(SASLPlain(), "\0tim\0tanstaaftanstaaf") == [expected])
    #expect(steps(SASLPlain(), nil, "\0tim\0tanstaaftanstaaf") == [.challenge([]), expected])
    #expect(steps(SASLPlain(), "tim\0tim\0x") == [finished("PLAIN", "tim", .password("x"), as: "tim")])
  }

  @Test(arguments: ["", "\0", "\0\0", "\0tim\0", "\0\0x", "\0tim\0x\0", "Ursel\0Kurt\0xipj3plmq", "tim x"])
  func plainRejects(response: String) { #expect(steps(SASLPlain(), response) == [.rejected]) }

  @Test func plainHasBounds() {
    let name = String(repeating: "n", count: 255)
    let password = String(repeating: "p", count: 1024)
    #expect(
      steps(SASLPlain(), "\0\(name)\0\(password)") == [finished("PLAIN", name, .password(password))])
    #expect(steps(SASLPlain(), "\0\(name)n\0\(password)") == [.rejected])
    #expect(steps(SASLPlain(), "\0\(name)\0\(password)p") == [.rejected])
    var exchange = SASLPlain().makeExchange(context)
    #expect(exchange.start([0, 0xFF, 0, 65]) == .rejected)
  }

  @Test func login() {
    let (username, password) = (
      SASLStep.challenge(Array("Username:".utf8)), SASLStep.challenge(Array("Password:".utf8))
    )
    let expected = finished("LOGIN", "tim", .password("x"))
    #expect(steps(SASLLogin(), nil, "tim", "x") == [username, password, expected])
    #expect(steps(SASLLogin(), "tim", "x") == [password, expected])
    #expect(steps(SASLLogin(), nil, "tim", "") == [username, password, .rejected])
    #expect(steps(SASLLogin(), "", "x") == [password, .rejected])
    #expect(steps(SASLLogin(), "a\0b", "x") == [password, .rejected])
  }

  @Test func oauthBearer() {
    // RFC 7628 §4.1, its token shortened.
    let example =
      "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}auth=Bearer vF9dft4qmT==\u{1}\u{1}"
    #expect(
      steps(SASLBearer.oauthbearer, example) == [
        finished("OAUTHBEARER", "user@example.com", .bearerToken("vF9dft4qmT=="), as: "user@example.com")
      ])
    #expect(
      steps(SASLBearer.oauthbearer, "y,,\u{1}auth=bearer x\u{1}\u{1}") == [
        finished("OAUTHBEARER", "", .bearerToken("x"))
      ])
    #expect(
      steps(SASLBearer.oauthbearer, "n,a=a=2Cb=3Dc,\u{1}auth=BEARER x\u{1}\u{1}") == [
        finished("OAUTHBEARER", "a,b=c", .bearerToken("x"), as: "a,b=c")
      ])
  }

  @Test(arguments: [
    "", "\u{1}", "n,,", "n,,\u{1}", "n,,\u{1}\u{1}", "n,,\u{1}auth=Bearer x", "n,,\u{1}auth=Bearer x\u{1}",
    "n,,\u{1}auth=Bearer \u{1}\u{1}", "n,,\u{1}auth=Basic x\u{1}\u{1}", "n,,\u{1}auth=Bearer a b\u{1}\u{1}",
    "n,,\u{1}auth=Bearer x\u{1}auth=Bearer y\u{1}\u{1}", "n,,\u{1}=x\u{1}auth=Bearer x\u{1}\u{1}",
    "n,,auth=Bearer x\u{1}\u{1}", "p=tls-exporter,,\u{1}auth=Bearer x\u{1}\u{1}", "n,a=,\u{1}auth=Bearer x\u{1}\u{1}",
    "n,a=x=4Dy,\u{1}auth=Bearer x\u{1}\u{1}", "n,b=x,\u{1}auth=Bearer x\u{1}\u{1}", "z,,\u{1}auth=Bearer x\u{1}\u{1}",
    "n,,\u{1}auth=Bearer é\u{1}\u{1}",
  ])
  func oauthBearerIsStrict(response: String) { #expect(steps(SASLBearer.oauthbearer, response) == [.malformed]) }

  @Test func xoauth2() {
    #expect(
      steps(SASLBearer.xoauth2, "user=someuser@example.com\u{1}auth=Bearer ya29.vF9\u{1}\u{1}") == [
        finished("XOAUTH2", "someuser@example.com", .bearerToken("ya29.vF9"))
      ])
    for bad in ["", "user=\u{1}auth=Bearer x\u{1}\u{1}", "auth=Bearer x\u{1}\u{1}", "user=x\u{1}auth=Bearer x\u{1}"] {
      #expect(steps(SASLBearer.xoauth2, bad) == [.malformed])
    }
  }

  @Test func channelBindingIsNamedInTheHeader() throws {
    let (header, rest) = try #require(GS2Header.read(Array("p=tls-exporter,a=x,n=y,r=z".utf8)))
    #expect(header.binding == .type("tls-exporter") && header.authorizationID == "x")
    #expect(header.bytes == Array("p=tls-exporter,a=x,".utf8) && rest.elementsEqual("n=y,r=z".utf8))
    for bad in ["p=,,n=", "p=a b,,n=", "p,,n=", "n", "n,", "F,n,,", "nn,,x"] {
      #expect(GS2Header.read(Array(bad.utf8)) == nil)
    }
  }
}
