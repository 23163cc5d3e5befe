import MTACore
import MTATestSupport
import NIOCore
import Testing

@testable import MTAServer

/// The form of mails in the drop folder. Their writers are any users, so nothing is believed.
struct DropFileTests {
  private static func mail() -> SubmittedMail {
    var mail = SubmitStage.mail(
      from: "\"a b\"@x.example", to: ["bob@far.example", "\"c > d\"@x.example", "ü@bücher.example"],
      text: "Subject: x\r\n\r\n\u{0}\n.\r\nto <e@f.example>\n")
    mail.recipients[0].notify = [.success, .delay]
    mail.recipients[1].notify = .never
    mail.returns = .headers
    mail.envelopeID = "QQ=+1"
    return mail
  }

  private static func file(_ mail: SubmittedMail) -> ByteBuffer {
    var file = DropFile.head(of: mail)
    file.writeImmutableBuffer(mail.content)
    return file
  }

  @Test func aMailIsReadAsItWasWritten() {
    #expect(DropFile.mail(in: Self.file(Self.mail())) == Self.mail())
    let report = SubmitStage.mail(from: nil, to: "a@b.example", text: "")
    #expect(DropFile.mail(in: Self.file(report)) == report)
  }

  @Test func aPartOfAMailIsNone() {
    let whole = Array(Self.file(Self.mail()).readableBytesView)
    for length in 0..<whole.count { #expect(DropFile.mail(in: ByteBuffer(bytes: whole[..<length])) == nil) }
    #expect(DropFile.mail(in: ByteBuffer(bytes: whole + [10])) == nil)
  }

  @Test(arguments: [
    "", "\n", "mta-drop 2\nfrom <>\nto <a@b>\ncontent 0\n\n", "mta-drop 1\nto <a@b>\ncontent 0\n\n",
    "mta-drop 1\nfrom <>\ncontent 0\n\n", "mta-drop 1\nfrom a@b\nto <a@b>\ncontent 0\n\n",
    "mta-drop 1\nfrom <a@b>\r\nto <a@b>\ncontent 0\n\n", "mta-drop 1\nfrom <>\nto <>\ncontent 0\n\n",
    "mta-drop 1\nfrom <>\nto <a@b> LATER\ncontent 0\n\n", "mta-drop 1\nfrom <>\nto <a@b>\ncontent +0\n\n",
    "mta-drop 1\nfrom <>\nto <a@b>\ncontent 00\n\n", "mta-drop 1\nfrom <>\nto <a@b>\ncontent 99999999999999999999\n\n",
    "mta-drop 1\nfrom <>\nto <a@b>\ncontent -1\n\n", "mta-drop 1\nfrom <>\nto <a@b>\nreturn X\ncontent 0\n\n",
    "mta-drop 1\nfrom <>\nto <a@b>\nid a b\ncontent 0\n\n", "mta-drop 1\nfrom <>\nto <a@b>\nid \u{1b}\ncontent 0\n\n",
    "mta-drop 1\nfrom <>\nto <a@b>\nrcpt <c@d>\ncontent 0\n\n", "mta-drop 1\nfrom <>\nto <a@b>\ncontent 0\n",
    "mta-drop 1\nfrom <>\nto <a\u{1}@b>\ncontent 0\n\n",
  ]) func whatSendDoesNotWriteIsNoMail(_ text: String) {
    #expect(DropFile.mail(in: ByteBuffer(string: text)) == nil)
  }

  @Test func linesWithoutAnEndAreNotReadFar() {
    let text = "mta-drop 1\nfrom <>\nto <" + String(repeating: "a", count: 1 << 20) + "@b>\ncontent 0\n\n"
    #expect(DropFile.mail(in: ByteBuffer(string: text)) == nil)
  }

  @Test func namesHaveAStageAndDigits() throws {
    let name = DropName(.new, random: 1, .max)
    #expect("\(name)" == "new-0000000000000001ffffffffffffffff")
    for stage in DropName.Stage.allCases { #expect(DropName("\(name.at(stage))") == name.at(stage)) }
    let digits = name.digits
    for text in [
      "", "mail", "mail-", "mail-\(digits)0", "mail-\(digits.dropLast())", "mail-\(digits.uppercased())", "-\(digits)",
      "../mail-\(digits)", "mail-\(digits)/", "mail-\(digits.dropLast())/", "mail-\(digits.dropLast())\n",
      "try4-\(digits)",
      "mail--\(digits)", "mail-\(digits)-",
    ] { #expect(DropName(text) == nil, "\(text)") }
    #expect(DropName("mail-\(digits)")?.stage.next == .try1 && DropName("try3-\(digits)")?.stage.next == nil)
  }

  @Test func questionsAndAnswersAreReadAsTheyWereWritten() throws {
    let name = DropName(.mail, random: 7, 8)
    for question in [ChildQuestion.user(0), .user(.max), .drop(name)] {
      #expect(ChildQuestion(question.bytes) == question)
    }
    for text in ["", "who", "who ", "who -1", "who 4294967296", "who 01", "who 1 2", "open x", "open ../x", "ready"] {
      #expect(ChildQuestion(Array(text.utf8)) == nil, "\(text)")
    }
    for name in [nil, "www-data", "two words", ""] {
      guard case .user(33, let heard)? = MasterAnswer(MasterAnswer.user(33, name).bytes, nil) else {
        Issue.record("the answer is not read")
        continue
      }
      #expect(heard == name)
    }
    for reason in [DropDoor.Refusal.form, .mode, .system(13)] {
      guard case .drop(name, .failure(reason))? = MasterAnswer(MasterAnswer.drop(name, .failure(reason)).bytes, nil)
      else {
        Issue.record("\(reason) is not read")
        continue
      }
    }
    // An open file comes as a descriptor, or not at all.
    #expect(MasterAnswer(Array("opened \(name)".utf8), nil) == nil)
  }
}
