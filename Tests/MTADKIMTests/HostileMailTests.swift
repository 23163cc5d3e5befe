import MTACore
import NIOCore
import SuiteTurns
import Testing

@testable import MTADKIM

@Suite(.takesTurns) struct HostileMailTests {
  /// A repeatable stream of numbers.
  private struct Dice {
    var state: UInt64
    mutating func roll(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(max(1, bound)))
    }
  }

  /// Mails with octets changed, taken out and put in, in pieces of any size: all are judged, none passes that has not
  /// the signed words.
  @Test func mangledMailsAreJudged() async {
    var dice = Dice(state: 7)
    let original = Array(PublishedExamples.rfc8463.utf8)
    let awkward: [UInt8] = [0, 9, 10, 13, 32, 58, 59, 61, 64, 92, 127, 128, 255]
    for _ in 0..<400 {
      var mail = original
      for _ in 0...dice.roll(6) {
        let place = dice.roll(mail.count)
        switch dice.roll(4) {
        case 0: mail[place] = awkward[dice.roll(awkward.count)]
        case 1: mail.removeSubrange(place..<min(mail.count, place + 1 + dice.roll(40)))
        case 2: mail.insert(contentsOf: (0...dice.roll(3)).map { _ in awkward[dice.roll(awkward.count)] }, at: place)
        default: mail[place] ^= 1 << UInt8(dice.roll(8))
        }
        if mail.isEmpty { mail = original }
      }
      var verifier = DKIMVerifier()
      var rest = mail[...]
      while !rest.isEmpty {
        let count = 1 + dice.roll(rest.count)
        verifier.receive(ByteBuffer(bytes: rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      let verifications = await verifier.finish(at: testTime, lookup: PublishedExamples.rfc8463Zone)
      #expect(verifications.count <= 5)
      for verification in verifications where verification.outcome == .pass {
        let words = String(decoding: mail, as: UTF8.self).split { $0.isWhitespace }.joined(separator: " ")
        #expect(words.contains("Hi. We lost the game. Are you hungry yet? Joe."))
      }
      // Whatever the tags claim, the report stays one field.
      let field = AuthenticationResultsField(
        authority: "mx.example.org", results: verifications.map(\.authenticationResult))
      #expect(HeaderSection(Array(field.render().utf8)).fields.count == 1)
    }
  }

  @Test func keyRecordsOfAnyOctetsAreRead() {
    var dice = Dice(state: 9)
    let parts = [
      "v=DKIM1", "k=rsa", "p=", "YWJj", ";", "=", " ", "h=sha256", ":", "t=y", "\u{0}", "\r\n", "é", "p=YWJj",
    ]
    for _ in 0..<2000 {
      let text = (0..<dice.roll(12)).map { _ in parts[dice.roll(parts.count)] }.joined()
      if let record = DKIMKeyRecord(Array(text.utf8)) { #expect(text.contains("p"), "\(record)") }
    }
  }

  @Test func endlessListsOfNamesAreRefused() async throws {
    let names = "From" + String(repeating: ":a", count: 1000)
    #expect(await verify(try Forge.sign(tags: ["h": names]), Forge.zone).map(\.outcome) == [.permerror])
    #expect(await verify(try Forge.sign(tags: ["h": String(names.dropLast(2))]), Forge.zone).map(\.outcome) == [.pass])
  }

  @Test func endlessListsInKeysServeNothing() async throws {
    let key = Forge.record
    for (list, isKey) in [("h=sha256", true), ("s=email", true), ("t=y", false)] {
      let zone: Zone = ["s._domainkey.example.org": "\(key); \(list)\(String(repeating: ":a", count: 1000))"]
      #expect(await verify(try Forge.sign(), zone).map(\.outcome) == [.permerror])
      let record = DKIMKeyRecord(Array("p=YWJj; \(list)\(String(repeating: ":a", count: 1000))".utf8))
      #expect((record != nil) == isKey)
    }
  }

  /// What DNS holds under `p=` need not be a key.
  @Test func rubbishKeysDoNotServe() async throws {
    for key in ["MIIB", "AAAA", String(repeating: "A", count: 3000), "MAAwAA=="] {
      let zone: Zone = ["s._domainkey.example.org": "k=rsa; p=\(key)"]
      #expect(await verify(try Forge.sign(tags: ["a": "rsa-sha256"]), zone).map(\.outcome) == [.permerror])
    }
  }
}
