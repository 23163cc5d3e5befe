import MTACore
import MTATestSupport
import NIOCore
import Testing

/// Mail made fit for lines of seven bits decodes to the same.
struct MailConverterTests {
  static func pieces(_ mail: [UInt8], of size: Int) -> [ByteBuffer] {
    stride(from: 0, to: mail.count, by: size).map { ByteBuffer(bytes: mail[$0..<min($0 + size, mail.count)]) }
  }

  static func plan(_ mail: [UInt8], piece: Int = 4096) -> Result<ConversionPlan, ConversionPlan.Obstacle> {
    var survey = ConversionPlan.Survey()
    for piece in pieces(mail, of: piece) { survey.receive(piece) }
    do throws(ConversionPlan.Obstacle) { return .success(try survey.finish()) } catch { return .failure(error) }
  }

  static func convert(_ mail: [UInt8], _ plan: ConversionPlan, piece: Int = 4096) -> [UInt8] {
    var converter = MailConverter(plan)
    var out: [UInt8] = []
    for piece in pieces(mail, of: piece) { out += converter.convert(piece).readableBytesView }
    return out + converter.finish().readableBytesView
  }

  /// What the mail becomes; the obstacle's name when it cannot be converted.
  static func converted(_ text: String, piece: Int = 4096) -> String {
    converted(Array(text.utf8), piece: piece)
  }

  static func converted(_ mail: [UInt8], piece: Int = 4096) -> String {
    switch plan(mail, piece: piece) {
    case .failure(let obstacle): "\(obstacle)"
    case .success(let plan): String(decoding: convert(mail, plan, piece: piece), as: UTF8.self)
    }
  }

  static func lines(_ lines: String...) -> String { lines.map { $0 + "\r\n" }.joined() }

  // MARK: single parts

  @Test func textBecomesQuotedPrintable() {
    let mail = Self.lines(
      "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "Subject: x",
      "",
      "Grüße = 1 ", "-- ", "a\tb\t", String(repeating: "x", count: 80), "")
    for piece in [1, 2, 7, 4096] {
      #expect(
        Self.converted(mail, piece: piece)
          == Self.lines(
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable", "Subject: x", "", "Gr=C3=BC=C3=9Fe =3D 1=20", "=2D-=20",
            "a\tb=09", String(repeating: "x", count: 75) + "=", "xxxxx", ""))
    }
  }

  @Test func othersBecomeBase64() {
    let mail = Self.lines("MIME-Version: 1.0", "Content-Type: image/png", "Content-Transfer-Encoding: binary", "")
    let octets = (0..<100).map { UInt8($0 * 5 % 256) }
    let result = Self.converted(Array(mail.utf8) + octets)
    #expect(
      result.hasPrefix(
        Self.lines("MIME-Version: 1.0", "Content-Type: image/png", "Content-Transfer-Encoding: base64", "")))
    let body = result.split(separator: "\r\n").dropFirst(3)
    #expect(body.map(\.count) == [76, 60])
    #expect(MailReader.leaves(of: Array(result.utf8)) == [.init(type: "image/png", content: octets)])
  }

  @Test func wideCharactersAreNoTextOfLines() {
    let mail = Array(
      Self.lines("Content-Type: text/plain; charset=\"UTF-16BE\"", "Content-Transfer-Encoding: binary", "").utf8)
    #expect(Self.converted(mail + [13, 10, 0, 65, 13, 10]).contains("Content-Transfer-Encoding: base64\r\n"))
  }

  @Test func mailFromBeforeMIMEGetsItsFields() {
    #expect(
      Self.converted("Subject: x\r\n\r\ncaf\u{e9}\r\n")
        == Self.lines(
          "Subject: x", "MIME-Version: 1.0", "Content-Type: text/plain; charset=unknown-8bit",
          "Content-Transfer-Encoding: quoted-printable", "", "caf=C3=A9"))
  }

  @Test func whatFitsStays() {
    let mail = Self.lines("MIME-Version: 1.0", "Content-Type: text/plain", "", "plain -- text =20", "")
    #expect(Self.converted(mail) == mail)
    let labelled = Self.lines(
      "MIME-Version: 1.0", "content-transfer-encoding: BINARY (a comment)", "Content-Type: text/plain", "", "plain")
    #expect(
      Self.converted(labelled)
        == Self.lines(
          "MIME-Version: 1.0", "Content-Transfer-Encoding: 7bit", "Content-Type: text/plain", "", "plain"))
  }

  @Test func loneLineEndsAndNULAreKeptByEncodingThem() {
    let mail = Array("Content-Transfer-Encoding: binary\r\n\r\na\rb\nc\u{0}d\r".utf8)
    let result = Self.converted(mail)
    #expect(result.hasSuffix("\r\n\r\na=0Db=0Ac=00d=0D"))
    #expect(MailReader.leaves(of: Array(result.utf8))[0].content == Array("a\rb\nc\u{0}d\r".utf8))
  }

  // MARK: structure

  @Test func onlyThePartsThatNeedIt() {
    let mail = Self.lines(
      "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=\"a b\"", "Content-Transfer-Encoding: 8bit", "",
      "Préambule", "--a b", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", "ü",
      "--a b  ",
      "", "plain", "--a b", "Content-Type: application/x", "Content-Disposition: attachment", "", "ö", "--a b--",
      "Épilogue")
    for piece in [1, 5, 4096] {
      #expect(
        Self.converted(mail, piece: piece)
          == Self.lines(
            "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=\"a b\"", "Content-Transfer-Encoding: 7bit",
            "",
            "Pr=C3=A9ambule", "--a b", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable", "", "=C3=BC", "--a b  ", "", "plain", "--a b",
            "Content-Type: application/x", "Content-Disposition: attachment", "Content-Transfer-Encoding: base64", "",
            "w7Y=", "--a b--", "=C3=89pilogue"))
    }
  }

  @Test func messagesWithin() {
    let mail = Self.lines(
      "Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: inner", "", "ü", "--b",
      "Content-Type: message/rfc822", "Content-Transfer-Encoding: 8bit", "", "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: 8bit", "", "ö", "--b--")
    let result = Self.converted(mail)
    #expect(
      MailReader.leaves(of: Array(result.utf8))
        == [.init(type: "text/plain", content: Array("ü".utf8)), .init(type: "text/plain", content: Array("ö".utf8))])
    #expect(result.contains("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n"))
  }

  /// A line of the text that looks like a delimiter of somebody else's, and one that a soft break would make.
  @Test func noLineIsTakenForADelimiter() {
    let text = "ü --b--\r\n --b\r\n" + String(repeating: "x", count: 75) + "--b"
    let mail = Self.lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "", text, "--b--")
    let result = Self.converted(mail)
    #expect(result.split(separator: "\r\n").filter { $0.hasPrefix("--") } == ["--b", "--b--"])
    #expect(MailReader.leaves(of: Array(result.utf8)).map(\.content) == [Array(text.utf8)])
  }

  @Test func innerPartsEndWithTheOuterOnes() {
    let mail = Self.lines(
      "Content-Type: multipart/mixed; boundary=outer", "", "--outer", "Content-Type: multipart/mixed; boundary=inner",
      "",
      "--inner", "", "ü", "--outer", "", "ö", "--outer--")
    #expect(
      MailReader.leaves(of: Array(Self.converted(mail).utf8)).map(\.content) == [Array("ü".utf8), Array("ö".utf8)])
  }

  // MARK: what is no type, and has no parts

  @Test(arguments: [
    "text", "nonsense", "text; charset=koi8-r", "/plain", "multipart/mixed", "multipart/alternative; x=y",
    "multipart/signed",
    "multipart; boundary=b",
  ])
  func whatIsNoTypeIsText(_ type: String) {
    let mail = Self.lines("Content-Type: \(type)", "Content-Transfer-Encoding: 8bit", "", "--b", "", "\u{fc}", "--b--")
    let charset = type.hasSuffix("koi8-r") ? "koi8-r" : "unknown-8bit"
    #expect(
      Self.converted(mail)
        == Self.lines(
          "Content-Type: text/plain; charset=\(charset)", "Content-Transfer-Encoding: quoted-printable",
          "MIME-Version: 1.0", "", "=2D-b", "", "=C3=BC", "=2D-b--"))
    let plain = Self.lines("Content-Type: \(type)", "", "--b", "", "u", "--b--")
    #expect(Self.converted(plain) == plain)
  }

  /// Readers show all of it as text, or nothing: none of it may be lost.
  @Test(arguments: ["--other", "--b--", " --b", "--bb", ""])
  func aMultipartWithoutPartsIsText(line: String) {
    let mail = Self.lines(
      "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=\"b\"", "", "Gr\u{fc}\u{df}e", line, "caf\u{e9}")
    for piece in [1, 7, 4096] {
      let result = Self.converted(mail, piece: piece)
      #expect(
        result.hasPrefix(
          Self.lines(
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=unknown-8bit",
            "Content-Transfer-Encoding: quoted-printable", "", "Gr=C3=BC=C3=9Fe")))
      #expect(
        MailReader.leaves(of: Array(result.utf8)).map(\.content)
          == [Array(Self.lines("Gr\u{fc}\u{df}e", line, "caf\u{e9}").utf8)])
    }
  }

  @Test func aPartThatIsAMultipartWithoutPartsIsText() {
    let mail = Self.lines(
      "Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: multipart/mixed; boundary=b", "", "\u{fc}",
      "--a", "", "x",
      "--a--")
    #expect(
      Self.converted(mail)
        == Self.lines(
          "Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: text/plain; charset=unknown-8bit",
          "Content-Transfer-Encoding: quoted-printable", "", "=C3=BC", "--a", "", "x", "--a--"))
  }

  /// To some readers it ended before it began, to others it has parts.
  @Test func aMultipartThatEndsBeforeItBeginsIsNotTouched() {
    let mail = Self.lines("Content-Type: multipart/mixed; boundary=b", "", "--b--", "--b", "", "\u{fc}", "--b--")
    #expect(Self.converted(mail) == "sealed")
  }

  // MARK: lines

  @Test func longLinesAreMadeShorter() {
    let word = String(repeating: "x", count: 600)
    let long = String(repeating: "y", count: 1500)
    let mail = Self.lines("Subject: \(word) \(word) \(word)", "", "\u{fc}", long)
    let result = Self.converted(mail)
    #expect(result.hasPrefix("Subject: \(word)\r\n \(word)\r\n \(word)\r\nMIME-Version"))
    #expect(result.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 })
    #expect(MailReader.leaves(of: Array(result.utf8)).map(\.content) == [Array("\u{fc}\r\n\(long)\r\n".utf8)])
    #expect(Self.converted("Subject: \(long)\r\n\r\n\u{fc}\r\n") == "header")
    #expect(Self.converted("Subject: x" + String(repeating: " ", count: 1500) + "\r\n\r\n\u{fc}\r\n") == "header")
    #expect(Self.converted("Content-Transfer-Encoding: base64\r\n\r\n\(long)\r\n") == "sealed")
  }

  @Test func strayLineEndsInThePartsHeadersAreNotTouched() {
    for header in ["A: b\nC: d", "A: b\rC: d"] {
      let mail = Self.lines("Content-Type: multipart/mixed; boundary=b", "", "--b", header, "", "x", "--b--")
      #expect(Self.converted(mail) == "sealed")
    }
  }

  // MARK: what is left alone

  @Test(
    arguments: [
      "multipart/signed; boundary=b", "multipart/encrypted; boundary=b", "application/pkcs7-mime",
      "application/x-pkcs7-signature", "application/pgp-encrypted", "message/partial", "message/external-body",
      "message/delivery-status", "multipart/mixed; boundary=\"\"", "multipart/mixed; boundary*0=b",
      "multipart/mixed; boundary=b; boundary=c", "multipart/mixed; boundary=b c",
    ])
  func sealedContentIsNotTouched(_ type: String) {
    let head = Self.lines("Content-Type: \(type)", "")
    #expect(Self.converted(head + "--b\r\n\r\nü\r\n--b--\r\n") == "sealed")
    let plain = head + "--b\r\n\r\nu\r\n--b--\r\n"
    #expect(Self.converted(plain) == plain)
  }

  @Test func headersCannotBeConverted() {
    #expect(Self.converted("Subject: ü\r\n\r\nx") == "header")
    #expect(
      Self.converted(
        Self.lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Description: ü", "", "--b--"))
        == "header")
  }

  @Test func whatCanBeReadInTwoWaysIsNotTouched() {
    for header in [
      "Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: base64",
      "Content-Type: text/plain\r\nContent-Type: image/png",
      "A : b", "no field at all", "Content-Transfer-Encoding: x-uuencode", "Content-Transfer-Encoding: base64",
      "A: b\rC: d",
    ] {
      #expect(Self.converted(header + "\r\n\r\nü\r\n") == "sealed", "\(header)")
    }
  }

  @Test func whatIsBeyondTheLimitsIsLeft() {
    var deep = ""
    for level in 0..<60 { deep += "Content-Type: multipart/mixed; boundary=b\(level)\r\n\r\n--b\(level)\r\n" }
    #expect(Self.converted(deep + "\r\nü") == "beyondLimits")
    let wide =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + String(repeating: "--b\r\n\r\nü\r\n", count: 10_001)
    #expect(Self.converted(wide) == "beyondLimits")
  }

  // MARK: at random

  @Test func anyTreeDecodesToTheSame() throws {
    var trees = MailTrees(seed: 5)
    var changed = 0
    for _ in 0..<400 {
      let (mail, leaves) = trees.next()
      let plan = try Self.plan(mail, piece: Int.random(in: 1..<200, using: &trees.generator)).get()
      let result = Self.convert(mail, plan, piece: Int.random(in: 1..<200, using: &trees.generator))
      #expect(result.allSatisfy { $0 < 128 && $0 != 0 })
      #expect(MailReader.leaves(of: result) == leaves, "\(String(decoding: mail, as: UTF8.self))")
      // Each line is short, or was long before and is kept.
      if result != mail { changed += 1 }
      #expect(try Self.convert(result, Self.plan(result).get()) == result)
    }
    #expect(changed > 100)
  }

  /// Structures that are wrong in every way: what comes out has short lines of seven bits, and decodes to the same, part by part and with
  /// all that stands around the parts; or the mail goes back.
  @Test func nothingIsLostInSilence() {
    var mails = OddMails(seed: 8)
    var (converted, changed) = (0, 0)
    for _ in 0..<2500 {
      let mail = mails.next()
      guard case .success(let plan) = Self.plan(mail, piece: Int.random(in: 1..<200, using: &mails.generator)) else {
        continue
      }
      converted += 1
      let result = Self.convert(mail, plan, piece: Int.random(in: 1..<200, using: &mails.generator))
      if result != mail { changed += 1 }
      #expect(result.allSatisfy { $0 < 128 && $0 != 0 })
      #expect(MIMEReading.lines(result).allSatisfy { $0.count <= 998 && !$0.contains(13) && !$0.contains(10) })
      #expect(
        MIMEReading(result, original: mail) == MIMEReading(mail),
        "\(String(decoding: mail, as: UTF8.self))\n became\n\(String(decoding: result, as: UTF8.self))")
    }
    #expect(converted > 1000 && changed > 800)
  }

  /// Spoilt mails: whatever comes out is clean, the same however it is cut, and stays as it is when converted again.
  @Test func whateverComesOutIsClean() {
    var trees = MailTrees(seed: 6)
    var converted = 0
    for _ in 0..<1200 {
      let mail = trees.spoilt()
      guard case .success(let plan) = Self.plan(mail) else { continue }
      converted += 1
      let result = Self.convert(mail, plan)
      #expect(result.allSatisfy { $0 < 128 && $0 != 0 })
      #expect(Self.convert(mail, plan, piece: Int.random(in: 1..<40, using: &trees.generator)) == result)
      guard case .success(let again) = Self.plan(result) else {
        Issue.record("the result cannot be read: \(String(decoding: result, as: UTF8.self))")
        continue
      }
      #expect(Self.convert(result, again) == result)
    }
    #expect(converted > 200)
  }
}
