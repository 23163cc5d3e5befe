import MTACore
import MTACrypto
import NIOCore
import Testing

@testable import MTADKIM

@Suite struct VerifierPolicyTests {
  private func outcome(
    _ mail: String = Forge.mail, tags: [String: String?] = [:], zone: Zone = Forge.zone
  ) async throws -> (DKIMVerification.Outcome?, String?) {
    let verifications = await verify(try Forge.sign(mail, tags: tags), zone)
    #expect(verifications.count == 1)
    return (verifications.first?.outcome, verifications.first?.reason)
  }

  @Test(
    arguments: [
      [:], ["c": "simple/simple"], ["c": "relaxed/simple"], ["c": "simple/relaxed"], ["c": "relaxed"], ["c": nil],
      ["c": "simple"],
      ["i": "@example.org"], ["i": "x@Sub.Example.Org"], ["i": "a@b@example.org"], ["d": "EXAMPLE.org"],
      ["q": "dns/txt"], ["q": "x:dns/txt"],
      ["x": "1528640001"], ["x": "999999999999"], ["t": "999999999999"], ["t": "1", "x": "1528640000"],
      ["z": "From:x|Subject:y"],
      ["unknown": "whatever"], ["h": "from : subject"], ["h": "FROM:From:Subject:Cc:Subject"], ["l": "6"],
      ["a": "ED25519-SHA256"],
    ] as [[String: String?]])
  func goodSignaturesPass(tags: [String: String?]) async throws {
    let result = try await outcome(tags: tags)
    #expect(result == (.pass, nil))
  }

  @Test(
    arguments: [
      (["v": nil], "missing"), (["v": "2"], "version"), (["a": nil], "missing"), (["a": "rsa-sha1"], "historic"),
      (["a": "rsa-md5"], "unsupported"),
      (["bh": nil], "missing"), (["bh": ""], "bh="), (["bh": "!"], "bh="), (["d": nil], "missing"), (["d": ""], "d="),
      (["d": "a..b"], "d="),
      (["s": nil], "missing"), (["s": "a b!\u{e9}"], "s="), (["h": nil], "missing"), (["h": ""], "h="),
      (["h": "Subject"], "From"),
      (["h": "From::To"], "h="), (["c": "nowsp"], "c="), (["c": "relaxed/"], "c="),
      (["c": "simple/simple/simple"], "c="), (["q": "x"], "query"),
      (["l": "-1"], "l="), (["l": "x"], "l="), (["t": "x"], "t="), (["x": "1234567890123"], "x="),
      (["x": "1528639999"], "expired"),
      (["t": "10", "x": "9"], "before"), (["i": "@evil.example"], "mismatch"), (["i": "@notexample.org"], "mismatch"),
      (["i": "@org"], "mismatch"),
      (["i": "example.org"], "i="), (["i": "@example.org."], "none"), (["1bad": "x"], "syntax"),
    ] as [([String: String?], String)])
  func badSignaturesAreErrors(tags: [String: String?], reason: String) async throws {
    let result = try await outcome(tags: tags)
    if reason == "none" {
      #expect(result == (.pass, nil))
    } else {
      #expect(result.0 == .permerror)
      #expect(result.1?.contains(reason) == true, "\(result)")
    }
  }

  @Test(arguments: [
    ("v=DKIM1; k=ed25519; p=", "revoked"), ("v=DKIM2; k=ed25519; p=11qY", "no key"),
    ("k=ed25519; p=11qY", "key syntax"),
    ("k=rsa; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "key algorithm"),
    ("k=ed25519; h=sha1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "hash algorithm"),
    ("k=ed25519; s=web; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "not for email"),
    ("k=ed25519; t=s; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "subdomains"),
  ])
  func keysThatDoNotServe(record: String, reason: String) async throws {
    let result = try await outcome(tags: ["i": "@sub.example.org"], zone: ["s._domainkey.example.org": record])
    #expect(result.0 == .permerror)
    #expect(result.1?.contains(reason) == true, "\(result)")
  }

  @Test func strictAndServiceFlagsThatFitPass() async throws {
    let record = "v=DKIM1; h=sha256; s=email; t=s; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    #expect(try await outcome(tags: ["i": "x@example.org"], zone: ["s._domainkey.example.org": record]) == (.pass, nil))
    #expect(
      try await outcome(zone: ["s._domainkey.example.org": "k=rsa; p=", "s._domainkey.example.org": record]) == (
        .pass, nil
      ))
  }

  @Test func testingDomainsAreNoted() async throws {
    let zone: Zone = ["s._domainkey.example.org": Forge.record + "; t=y"]
    let verification = try #require(await verify(try Forge.sign(), zone).first)
    #expect(verification.outcome == .pass && verification.isTesting)
    #expect(verification.authenticationResult.reason?.contains("testing") == true)
  }

  @Test func keysThatAreNotThereOrCannotBeAskedFor() async throws {
    #expect(try await outcome(zone: [:]) == (.permerror, "no key for signature"))
    var zone: Zone = [:]
    zone.unavailable = ["s._domainkey.example.org"]
    #expect(try await outcome(zone: zone) == (.temperror, "key unavailable"))
    let label = String(repeating: "a", count: 63)
    let long = [label, label, label, "example.org"].joined(separator: ".")
    #expect(try await outcome(tags: ["d": long, "s": label]) == (.permerror, "no key for signature"))
  }

  @Test func shortAndLongKeysAreNotAccepted() async throws {
    let short = DKIMPrivateKey(try PrivateKey.generate(.rsa(bits: 768)))
    let zone: Zone = ["s._domainkey.example.org": try short.record()]
    let mail = try Forge.sign(key: short)
    #expect(await verify(mail, zone).map(\.outcome) == [.policy])
    var policy = DKIMVerifier.Policy()
    policy.rsaBits = 512...1024
    #expect(await verify(mail, zone, policy: policy).map(\.outcome) == [.pass])
    policy.rsaBits = 512...767
    #expect(await verify(mail, zone, policy: policy).map(\.outcome) == [.policy])
  }

  @Test(arguments: [
    "From: a@example.org\r\nFrom: b@evil.example\r\n\r\nx", "Subject: x\r\n\r\nx",
    "From: a@example.org\r\nfrom : b@evil.example\r\n\r\n",
    "From: a@example.org\r\nX: y\nFrom: b@evil.example\r\n\r\n", "From: a@example.org\r\nX: y\rz\r\n\r\n",
  ])
  func ambiguousHeadersNeverPass(mail: String) async throws {
    #expect(try await outcome(mail, tags: ["h": "From:From:From:Subject"]).0 == .permerror)
    #expect(try await outcome(mail, tags: ["h": "From", "c": "simple/simple"]).0 == .permerror)
  }

  @Test func partialBodiesAreMarked() async throws {
    let signed = try Forge.sign(tags: ["l": "4"])
    let verification = try #require(await verify(signed + "added\r\n", Forge.zone).first)
    #expect(verification.outcome == .pass && verification.isPartial)
    #expect(verification.authenticationResult.reason == "only part of the body is signed")
    #expect(await verify(String(signed.dropLast(4)), Forge.zone).map(\.outcome) == [.fail])
    #expect(await verify(try Forge.sign(tags: ["l": "7"]), Forge.zone).map(\.outcome) == [.fail])
    #expect(
      await verify(try Forge.sign(tags: ["l": "99999999999999999999999999"]), Forge.zone).map(\.outcome) == [.fail])
    let whole = try #require(await verify(try Forge.sign(tags: ["l": "6"]), Forge.zone).first)
    #expect(whole.outcome == .pass && !whole.isPartial)
  }
}
