import MTACore
import Testing

/// What of a sender's wishes is passed on, and what keeps mail from servers that do not know them.
struct ClientExtensionTests {
  typealias Tests = ClientSessionTests

  static let now = Timestamp(milliseconds: 1_000_000)

  static func transaction(
    _ notification: RecipientNotification = .init(), _ change: (inout ClientTransaction) -> Void = { _ in }
  ) -> ClientTransaction {
    var transaction = ClientTransaction(
      from: Tests.sender, to: [.init(Tests.a, notification: notification)], size: 5, now: now)
    change(&transaction)
    return transaction
  }

  /// What is said of a transaction to a server that offers so much.
  static func words(
    _ transaction: ClientTransaction, _ dialect: ClientSession.Dialect = .smtp, to offered: String...,
    underTLS: Bool = false
  ) -> [String] {
    var session = Tests.session(dialect, tls: underTLS ? .established : .never)
    for event in [
      .opened, Tests.reply(220), Tests.reply(250, (["mx", "PIPELINING"] + offered).joined(separator: "\n")),
    ] {
      _ = session.receive(event)
    }
    switch session.receive(.deliver(transaction)) {
    // Whatever is said of the mail: DATA goes with it.
    case .send(let commands): return commands.filter { $0 != .data }.map(\.description)
    case .settled(let results, .ready): return results.map(\.message)
    case let other: return ["\(other)"]
    }
  }

  // MARK: DSN

  @Test func requestsForReportsArePassedOn() {
    let original = RecipientNotification(notify: [.success, .delay], originalRecipient: "rfc822;list+2Bx@example.org")
    let transaction = Self.transaction(original) {
      $0.requests.return = .headers
      $0.requests.envelopeID = "QQ 3+14=x"
    }
    #expect(
      Self.words(transaction, to: "DSN") == [
        "MAIL FROM:<s@example.com> RET=HDRS ENVID=QQ+203+2B14+3Dx",
        "RCPT TO:<a@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;list+2Bx@example.org",
      ])
    #expect(Self.words(transaction) == ["MAIL FROM:<s@example.com>", "RCPT TO:<a@example.org>"])
    // LMTP delivers for good: this system tells of it.
    #expect(Self.words(transaction, .lmtp, to: "DSN") == ["MAIL FROM:<s@example.com>", "RCPT TO:<a@example.org>"])
  }

  @Test func whoWantsToBeToldIsNamedAsTheSenderDid() {
    #expect(
      Self.words(Self.transaction(.init(notify: .never)), to: "DSN")[1]
        == "RCPT TO:<a@example.org> NOTIFY=NEVER ORCPT=rfc822;a@example.org")
    // Nothing was asked: nothing is added.
    #expect(Self.words(Self.transaction(), to: "DSN")[1] == "RCPT TO:<a@example.org>")
  }

  /// Envelopes may be made by hand.
  @Test func noValueBreaksOutOfItsCommand() {
    let transaction = Self.transaction(.init(originalRecipient: "rfc822;a\r\nRSET")) {
      $0.requests.envelopeID = "a\r\nRSET\u{0}"
    }
    #expect(
      Self.words(transaction, to: "DSN") == [
        "MAIL FROM:<s@example.com> ENVID=a+0D+0ARSET+00", "RCPT TO:<a@example.org>",
      ])
  }

  @Test func theReachTellsWhoReports() {
    for (capability, reach) in [
      ("DSN", RecipientResult.Reach.relay(tellsSender: true)), ("SIZE", .relay(tellsSender: false)),
      ("DELIVERBY 60", .relay(tellsSender: false, keepsTime: true)),
    ] {
      var session = Tests.ready(.smtp, "PIPELINING", capability)
      var last = session.receive(.deliver(Self.transaction()))
      for event in [Tests.reply(250), Tests.reply(250), Tests.reply(354), .contentEnded, Tests.reply(250)] {
        last = session.receive(event)
      }
      guard case .settled(let results, .ready) = last else {
        Issue.record("\(last)")
        return
      }
      #expect(results.map(\.reach) == [reach])
    }
  }

  // MARK: DELIVERBY

  static func deliverBy(_ seconds: Int64, _ mode: DeliveryRequests.DeliverBy.Mode, trace: Bool = false)
    -> ClientTransaction
  {
    transaction {
      $0.requests.deliverBy = .init(deadline: now + .seconds(seconds), mode: mode, trace: trace)
    }
  }

  @Test func theTimeThatIsLeftIsPassedOn() {
    #expect(Self.words(Self.deliverBy(120, .return), to: "DELIVERBY 60")[0] == "MAIL FROM:<s@example.com> BY=120;R")
    #expect(
      Self.words(Self.deliverBy(-5, .notify, trace: true), to: "DELIVERBY")[0] == "MAIL FROM:<s@example.com> BY=-5;NT")
    #expect(
      Self.words(Self.deliverBy(.max, .notify), to: "DELIVERBY")[0] == "MAIL FROM:<s@example.com> BY=999999999;N")
  }

  @Test func mailToBeReturnedGoesOnlyWhereThatIsSeenTo() {
    #expect(Self.words(Self.deliverBy(120, .return))[0].hasPrefix("5.3.3 "))
    #expect(Self.words(Self.deliverBy(59, .return), to: "DELIVERBY 60")[0].hasPrefix("5.4.7 only 59 seconds"))
    #expect(Self.words(Self.deliverBy(0, .return), to: "DELIVERBY")[0].hasPrefix("5.4.7 only 0 seconds"))
    // Mode N goes anywhere, and LMTP is the end of the way.
    #expect(Self.words(Self.deliverBy(120, .notify))[0] == "MAIL FROM:<s@example.com>")
    #expect(Self.words(Self.deliverBy(120, .return), .lmtp)[0] == "MAIL FROM:<s@example.com>")
  }

  // MARK: MT-PRIORITY, REQUIRETLS, FUTURERELEASE

  @Test func prioritiesArePassedOn() {
    let urgent = Self.transaction { $0.requests.priority = 4 }
    #expect(Self.words(urgent, to: "MT-PRIORITY MIXER")[0] == "MAIL FROM:<s@example.com> MT-PRIORITY=4")
    #expect(Self.words(urgent)[0] == "MAIL FROM:<s@example.com>")
    let wrong = Self.transaction { $0.requests.priority = -400 }
    #expect(Self.words(wrong, to: "MT-PRIORITY")[0] == "MAIL FROM:<s@example.com> MT-PRIORITY=-9")
    #expect(Self.words(Self.transaction(), to: "MT-PRIORITY")[0] == "MAIL FROM:<s@example.com>")
  }

  @Test func requiredTLSIsRequiredOfTheNextHopToo() {
    let transaction = Self.transaction { $0.requests.requireTLS = true }
    #expect(
      Self.words(transaction, to: "REQUIRETLS", underTLS: true)[0] == "MAIL FROM:<s@example.com> REQUIRETLS")
    #expect(Self.words(transaction, underTLS: true)[0].hasPrefix("5.7.30 "))
    #expect(Self.words(transaction, to: "REQUIRETLS")[0].hasPrefix("5.7.10 "))
    #expect(Self.words(transaction, .lmtp)[0] == "MAIL FROM:<s@example.com>")
  }

  /// RFC 8689 §5
  @Test func aReportGoesOnWithoutRequiredTLS() {
    let report = Self.transaction {
      $0.requests.requireTLS = true
      $0.reversePath = .null
    }
    #expect(Self.words(report, to: "REQUIRETLS", underTLS: true)[0] == "MAIL FROM:<> REQUIRETLS")
    #expect(Self.words(report, underTLS: true)[0] == "MAIL FROM:<>")
    #expect(Self.words(report, to: "REQUIRETLS")[0] == "MAIL FROM:<>")
  }

  @Test func theHoldIsOver() {
    let transaction = Self.transaction { $0.requests.holdUntil = Self.now }
    #expect(Self.words(transaction, to: "FUTURERELEASE 9999 2030-01-01T00:00:00Z")[0] == "MAIL FROM:<s@example.com>")
  }

  // MARK: SMTPUTF8

  @Test func internationalHeadersReachAMailboxWithoutSMTPUTF8() throws {
    let transaction = Self.transaction {
      $0.hasInternationalHeader = true
      $0.content.hasEightBitHeader = true
    }
    #expect(
      Self.words(transaction, to: "SMTPUTF8", "8BITMIME")[0] == "MAIL FROM:<s@example.com> BODY=8BITMIME SMTPUTF8")
    #expect(Self.words(transaction, to: "8BITMIME")[0].hasPrefix("5.6.7 "))
    #expect(Self.words(transaction, .lmtp, to: "8BITMIME")[0] == "MAIL FROM:<s@example.com> BODY=8BITMIME")
    #expect(Self.words(transaction, .lmtp)[0].hasPrefix("5.6.7 "))
    // An address has to be said, and cannot.
    let recipient = Self.transaction { $0.recipients[0].mailbox = Mailbox("jürgen@example.org") }
    #expect(Self.words(recipient, .lmtp, to: "8BITMIME")[0].hasPrefix("5.6.7 "))
  }

  /// A domain beyond ASCII has a form that any server knows; a local part has none.
  @Test func internationalDomainsReachServersWithoutSMTPUTF8() throws {
    let transaction = Self.transaction {
      $0.reversePath = ReversePath("<s@b\u{FC}cher.example>") ?? .null
      $0.recipients[0].mailbox = Mailbox("a@b\u{FC}cher.example")
    }
    let plain = Self.words(transaction)
    #expect(plain[0] == "MAIL FROM:<s@xn--bcher-kva.example>")
    #expect(plain[1] == "RCPT TO:<a@xn--bcher-kva.example>")
    let international = Self.words(transaction, to: "SMTPUTF8")
    #expect(international[0] == "MAIL FROM:<s@b\u{FC}cher.example> SMTPUTF8")
    #expect(international[1] == "RCPT TO:<a@b\u{FC}cher.example>")
    // RFC 6533 §3: ORCPT in the form of ASCII goes to any server that knows DSN.
    let named = Self.transaction {
      $0.recipients[0].notification.notify = .failure
      $0.recipients[0].notification.originalRecipient = #"utf-8;j\x{F6}rg@example.org"#
    }
    #expect(Self.words(named, to: "DSN")[1].hasSuffix(#" NOTIFY=FAILURE ORCPT=utf-8;j\x{F6}rg@example.org"#))
    let added = Self.transaction {
      $0.recipients[0].mailbox = Mailbox("a@b\u{FC}cher.example")
      $0.recipients[0].notification.notify = .failure
    }
    #expect(Self.words(added, to: "DSN")[1].hasSuffix(#" NOTIFY=FAILURE ORCPT=utf-8;a@b\x{FC}cher.example"#))
    let sender = Self.transaction { $0.reversePath = ReversePath("<\u{FC}@example.com>") ?? .null }
    #expect(Self.words(sender)[0].hasPrefix("5.6.7 "))
  }
}
