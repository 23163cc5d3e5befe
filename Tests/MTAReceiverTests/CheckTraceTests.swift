import MTACore
import MTASystem
import Testing

@testable import MTAReceiver

/// What events tell of the checks before them is bounded, and forgets no refusal.
struct CheckTraceTests {
  private static let begin = Timestamp(milliseconds: 1_800_000_000_000)
  private static let rcpt = CheckTrace.Stage(word: "RCPT", part: .mail)
  private static let mail = CheckTrace.Stage(word: "MAIL", part: .begin)
  private static let ehlo = CheckTrace.Stage(word: "EHLO", part: .session)

  private func fields(_ trace: CheckTrace) -> [(key: String, value: String)] {
    var fields = LogFields()
    trace.append(to: &fields)
    return LogFieldReader(fields.bytes[...]).map {
      (String(decoding: $0.key, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
    }
  }

  @Test func aRefusalBehindAThousandRecipientsIsKept() throws {
    var trace = CheckTrace(at: Self.begin)
    for number in 0..<1000 {
      let mailbox = try #require(Mailbox("user\(number)@far.example"))
      trace.note(Self.rcpt, .hook, "rcptTo", "pass", isRoutine: true, took: .microseconds(7), at: .zero, about: mailbox)
    }
    trace.note(Self.rcpt, .hook, "rcptTo", "refuse", isRoutine: false, at: .seconds(9), "no \u{1b} such user, here")
    let fields = fields(trace)
    #expect(fields.reduce(0) { $0 + $1.value.utf8.count } < 8192)
    #expect(fields.first.map { $0.key == "begin" && $0.value == "1800000000000" } == true)
    #expect(fields.contains { $0 == ("check", "RCPT,hook,rcptTo,refuse,,9000") })
    #expect(fields.contains { $0 == ("words", "no \u{1b} such user, here") })
    let kept = fields.filter { $0.key == "about" }.count
    #expect(kept > 20 && fields.contains { $0 == ("omitted", "\(1000 - kept)") })
  }

  @Test func refusalsWithoutEndAreBounded() {
    var trace = CheckTrace(at: Self.begin)
    let long = String(repeating: "\u{7}", count: 10_000)
    for _ in 0..<1000 {
      trace.note(Self.ehlo, .hook, "ehlo", "refuse", isRoutine: false, at: .zero, long)
      trace.note(Self.rcpt, .hook, "rcptTo", "refuse", isRoutine: false, at: .zero, long)
      trace.note([AuthenticationResult(method: "x", result: "fail", reason: long)])
      trace.note(.client, long)
    }
    var fields = LogFields()
    trace.append(to: &fields)
    #expect(fields.bytes.count < EventRecord.maximumBytes - 16_384, "there is room for the rest of a record")
  }

  @Test func aMailHasItsOwnChecksAndThoseOfTheSession() {
    var trace = CheckTrace(at: Self.begin)
    func note(_ stage: CheckTrace.Stage, _ name: String) {
      trace.note(stage, .hook, name, "pass", isRoutine: true, at: .zero)
    }
    note(Self.ehlo, "ehlo")
    note(Self.mail, "clientLookup")
    note(Self.mail, "mailFrom")
    note(Self.rcpt, "rcptTo")
    #expect(fields(trace).filter { $0.key == "check" }.count == 4)
    note(Self.mail, "mailFrom")
    #expect(
      fields(trace).filter { $0.key == "check" }.map(\.value) == [
        "EHLO,hook,ehlo,pass,,0", "MAIL,hook,mailFrom,pass,,0",
      ])
    trace.forgetMail()
    #expect(fields(trace).filter { $0.key == "check" }.count == 1)
  }
}
