/// Every reply of `Reply+Named.swift`, by its name there, with what it is said to: for `Docs/REPLIES.md` and the command `replies`. In the
/// examples the server is `mx.example`, and `…` stands for an adopter's words.
package enum ReplyCatalogue {
  package struct Entry: Hashable, Sendable {
    package let name: String
    package let reply: Reply
    /// In Markdown.
    package let when: String

    fileprivate init(_ name: String, _ reply: Reply, _ when: String) {
      self.name = name
      self.reply = reply
      self.when = when
    }

    /// `550 5.7.1`.
    package var code: String { "\(reply.code)" + (status.map { " " + $0 } ?? "") }

    /// `5.7.1`; nil: it has none.
    package var status: String? {
      reply.enhanced.map { "\(reply.code / 100).\($0.subject).\($0.detail)" }
    }

    package var words: String { reply.lines.joined(separator: " / ") }
  }

  package static let all = (connection + anyCommand + hello + tls + auth + envelope + content + stored + rest)
    .sorted { ($0.code, $0.words) < ($1.code, $1.words) }

  private static let server = "mx.example"
  private static let domain = Domain.name("client.example")
  private static let id = MailID(at: Timestamp(milliseconds: 1_767_225_600_000), random: 1)
  private static let refusal = Refusal("…")

  private static let connection = [
    Entry("greeting", .greeting(server, title: server), "connection"),
    Entry("closing", .closing, "QUIT"),
    Entry("inactivity", .inactivity(server), "a time limit"),
    Entry("sessionTooLong", .sessionTooLong(server), "a session's time limit"),
    Entry("shuttingDown", .shuttingDown(server), "our end"),
    Entry(
      "accessDenied", .accessDenied(until: "Thu, 1 Jan 2026 01:00:00 +0000"),
      "connection of one who is locked out, once"),
    Entry("tooManyConnections", .tooManyConnections(server), "connection over a limit"),
    Entry("refusedAtDoor", .refusedAtDoor(refusal), "connection that a hook refuses"),
    Entry("deferredAtDoor", .deferredAtDoor(refusal), "connection that a hook defers"),
    Entry(
      "hookFailedAtDoor", .hookFailedAtDoor, "connection, the hook failed; MAIL or RCPT, the login is no longer known"),
    Entry("tooManyErrors", .tooManyErrors, "`maximumErrors` exceeded"),
    Entry("tooManyCommands", .tooManyCommands, "`maximumCommandsWithoutMail` exceeded"),
    Entry(
      "tooMuchAtOnceClosing", .tooMuchAtOnceClosing, "`maximumSessionMemory` is in use, and the client says nothing"),
    Entry("internalError", .internalError, "a fault of ours"),
    Entry("bytesBeforeTLS", .bytesBeforeTLS, "STARTTLS with bytes behind it"),
  ]

  private static let anyCommand = [
    Entry("ok", .ok, "NOOP, RSET"),
    Entry("tooMuchAtOnce", .tooMuchAtOnce, "RCPT or content while `maximumSessionMemory` is in use"),
    Entry("unknownCommand", .unknownCommand, "an unknown verb"),
    Entry("lineTooLong", .lineTooLong, "a line over its limit"),
    Entry("strayControl", .strayControl, "a control character in a command"),
    Entry("notUTF8", .notUTF8, "text that is not UTF-8"),
    Entry("outOfSequence", .outOfSequence("…"), "a verb out of place"),
    Entry("noArgument", .noArgument, "an argument where none is taken"),
    Entry("refused", .refused(refusal), "what a hook refuses"),
    Entry("deferred", .deferred(refusal), "what a hook defers"),
    Entry(
      "answer", .answer(["…"], code: 250), "NOOP, RSET, VRFY, EXPN, unknown verbs (and HELP, 214) that a hook answers"),
    Entry("hookFailed", .hookFailed, "a hook threw or was too late"),
    Entry("hookFailedForGood", .hookFailedForGood, "a hook that must not fail did, at the content"),
  ]

  private static let hello = [
    Entry("welcome", .welcome(server, []), "HELO; EHLO and LHLO, with the extensions in further lines"),
    Entry("domainRequired", .domainRequired, "EHLO, HELO without a domain"),
    Entry("domainSyntax", .domainSyntax, "EHLO, HELO"),
    Entry("sayLHLO", .sayLHLO, "EHLO, HELO under LMTP"),
    Entry("domainNotFound", .domainNotFound(domain), "EHLO, HELO"),
    Entry("domainUnresolved", .domainUnresolved(domain), "EHLO, HELO"),
  ]

  private static let tls = [
    Entry("readyForTLS", .readyForTLS, "STARTTLS"), Entry("tlsUnavailable", .tlsUnavailable, "STARTTLS"),
  ]

  private static let auth = [
    Entry("authenticated", .authenticated, "AUTH"),
    Entry("badCredentials", .badCredentials, "AUTH"),
    Entry("nobodyLogsIn", .nobodyLogsIn, "AUTH, where the hooks have no `auth`"),
    Entry("authNeedsTLS", .authNeedsTLS, "AUTH in clear"),
    Entry("tooManyLoginFailures", .tooManyLoginFailures, "AUTH, `maximumLoginFailures` reached"),
    Entry(
      "loginsExhausted", .loginsExhausted,
      "AUTH, unchecked: the client's address, or strangers with this user's name, had too many refused"),
    Entry("authFailed", .authFailed, "AUTH, the hook failed"),
    Entry("badBase64", .badBase64, "AUTH"),
    Entry("authCancelled", .authCancelled, "AUTH, the client sent `*`"),
    Entry("malformedResponse", .malformedResponse, "AUTH"),
    Entry("unknownMechanism", .unknownMechanism, "AUTH"),
    Entry("authLineTooLong", .authLineTooLong, "AUTH, a line over 12,288 octets"),
    Entry("challenge", .challenge("…"), "AUTH"),
  ]

  private static let envelope = [
    Entry("senderOK", .senderOK, "MAIL"),
    Entry("noSender", .noSender, "MAIL"),
    Entry("senderLocalPart", .senderLocalPart("a leading dot"), "MAIL"),
    Entry("membersMustUse", .membersMustUse(port: 2587), "MAIL of a member at the standard port"),
    Entry("nonMembersMustUse", .nonMembersMustUse(port: 2525), "MAIL of a stranger at another port"),
    Entry("mustBeAuthenticated", .mustBeAuthenticated(port: 2587), "MAIL at the submission port"),
    Entry("mustBeEncrypted", .mustBeEncrypted(port: 2587), "MAIL at the submission port"),
    Entry("mailLimit", .mailLimit(.hour, minutes: 23), "MAIL beyond `userLimits` or `clientLimits`"),
    Entry("recipientLimit", .recipientLimit(.day, minutes: 1), "RCPT beyond `userLimits` or `clientLimits`"),
    Entry("accountSuspended", .accountSuspended, "MAIL of a user whom an operator suspended"),
    Entry("notYourAddress", .notYourAddress, "MAIL after a login"),
    Entry("notYourLocalAddress", .notYourLocalAddress("ann@mx.example"), "MAIL of a local user"),
    Entry("notYourAuthor", .notYourAuthor, "the content, after a login, as `enforceAuthor` says"),
    Entry("tooManyAuthors", .tooManyAuthors, "the content, after a login, as `enforceAuthor` says"),
    Entry("recipientOK", .recipientOK, "RCPT"),
    Entry("noRecipient", .noRecipient, "RCPT"),
    Entry("recipientLocalPart", .recipientLocalPart("a leading dot"), "RCPT"),
    Entry("needsSMTPUTF8", .needsSMTPUTF8, "MAIL, RCPT"),
    Entry("unknownParameter", .unknownParameter, "MAIL, RCPT"),
    Entry("notForYou", .notForYou, "XCLIENT of a stranger"),
    Entry("badParameter", .badParameter, "parameters and arguments"),
    Entry("tooBig", .tooBig, "MAIL with SIZE, BDAT, or the end of content"),
    Entry("noRecipientsByLMTP", .noRecipientsByLMTP, "DATA, BDAT without a recipient, under LMTP"),
    Entry("tooManyRecipients", .tooManyRecipients, "RCPT"),
    Entry("noSuchUser", .noSuchUser, "RCPT in a local domain"),
    Entry("noRelaying", .noRelaying, "RCPT elsewhere"),
    Entry("noSuchDomain", .noSuchDomain, "RCPT elsewhere"),
    Entry("forwardedTooFar", .forwardedTooFar, "RCPT, when forwards lead to over 100 mailboxes, or deeper than 10"),
    Entry("unknownReturn", .unknownReturn, "RCPT of a rewritten sender that is not of our making"),
    Entry("expiredReturn", .expiredReturn, "RCPT of a rewritten sender, too late"),
    Entry("reportsOnly", .reportsOnly, "RCPT of a rewritten sender, when MAIL named somebody"),
    Entry("requireTLSNotAhead", .requireTLSNotAhead, "RCPT of a member who forwards, from a stranger with REQUIRETLS"),
    Entry(
      "internationalNotAhead", .internationalNotAhead, "RCPT, or the end of content, that is forwarded, from a stranger"
    ),
    Entry("eightBitNotAhead", .eightBitNotAhead, "the end of content that is forwarded, from a stranger"),
    Entry("nullMX", .nullMX, "RCPT elsewhere (RFC 7505)"),
  ]

  private static let content = [
    Entry("startMail", .startMail, "DATA"),
    Entry("chunkTaken", .chunkTaken(1000), "BDAT, not the last"),
    Entry("binaryNeedsBDAT", .binaryNeedsBDAT, "DATA"),
    Entry("heldTooLong", .heldTooLong, "MAIL with HOLDFOR or HOLDUNTIL"),
    Entry("heldUntilPast", .heldUntilPast, "MAIL with HOLDUNTIL"),
    Entry("deliverByTooSoon", .deliverByTooSoon(60), "MAIL with BY"),
    Entry("noRecipients", .noRecipients, "DATA, BDAT"),
    Entry("bareLineEnd", .bareLineEnd, "the end of content"),
    Entry("headerOctets", .headerOctets, "the end of content"),
    Entry("headerInDisguise", .headerInDisguise, "the end of content, from a client that submits"),
    Entry("tooManyHops", .tooManyHops, "the end of content"),
    Entry("forwardingLoop", .forwardingLoop, "the end of content"),
    Entry("headerTooLarge", .headerTooLarge, "the end of content"),
  ]

  private static let stored = [
    Entry("noSpace", .noSpace, "DATA, or the end of content"),
    Entry("unableToSave", .unableToSave(id), "DATA, or the end of content"),
    Entry("accepted", .accepted(StoreReceipt(durablyStored: id)), "the end of content, once it is on stable storage"),
    Entry(
      "accepted", .accepted(StoreReceipt(durablyStored: id), without: ["ann@test.example"]),
      "the end of content, when a hook refuses single recipients"),
    Entry("discarded", .discarded(id), "the end of content that a hook discards"),
  ]

  private static let rest = [
    Entry("cannotVerify", .cannotVerify, "VRFY, EXPN"), Entry("help", .help, "HELP"),
  ]
}
