import MTACore
import MTAReceiver

extension SettingsTable {
  static let rules: [Setting] = [
    .seconds(
      "receiverTimeout", \.receiver.timing.command,
      "A session ends when the client is silent for this time."),
    .count(
      "maxFailedMessagesPerPeriod", \.receiver.contacts.maximumViolations, 1...Int.max,
      "With this number of violations an address is locked out."),
    .seconds(
      "prohibitedSeconds", \.receiver.contacts.prohibited,
      "How long a lockout lasts, and how long a violation is remembered."),
    .networks(
      "neverProhibit", \.receiver.contacts.neverProhibit,
      """
      Networks such as `192.0.2.0/24` that are counted but never locked out, and whose logins are counted by account \
      alone: those of a webmail host, for example.
      """),
    .count(
      "contactPrefix", \.receiver.contacts.prefixLength, 48...128,
      """
      The clients of one IPv6 network are counted as one: the length of its prefix. It holds for lockouts, connections, \
      logins, `clientLimits`, and what `explain` keeps of refusals. After a change clients begin anew.
      """),
    .userLimits(
      """
      How much a user who logged in may send: `mailsPerHour`, `recipientsPerHour`, `mailsPerDay`, `recipientsPerDay`, each \
      1 or more, or 0 for no limit. `users` has the limits of single users, which take the place of the others key by key. \
      Beyond it MAIL or RCPT get `450 4.7.1`, which says when to try again. Accepted commands count. See \
      [OPERATING.md](OPERATING.md#how-much-users-and-clients-may-send).
      """),
    .clientLimits(
      """
      The same four keys for each client that did not log in, so also for other servers. Addresses of `neverProhibit` \
      and `xclientNetworks` have none.
      """),
    .flag(
      "ehloDomainRequired", \.ehloDomainRequired,
      """
      EHLO and HELO must name something. Text that is not a name (`Bob's-iPhone`) is taken, and stands in a comment in \
      Received.
      """),
    .flag(
      "ehloDomainVerifies", \.ehloDomainVerifies,
      "On standard ports EHLO and HELO must name an address literal, or a domain that is in the DNS."),
    .flag(
      "enforceMemberPorts", \.enforceMemberPorts,
      "Strangers use standard ports, members the submission port. It does not change who may relay."),
    .word(
      "enforceAuthor", \.receiver.session.enforceAuthor,
      """
      In whose name a user who logged in may write (the newest Resent-From, or else From): `local` in their own and \
      those of foreign domains, `all` in their own alone, `off` in any. Others are refused with 550 5.7.1 at the end \
      of the content. Our domains are those of `localDomains` and `dkim`, the server's own name, and domains of names \
      that the hooks know. An address with characters that no address may have is refused, too. Clients of \
      `trustedNetworks` at the internal port may use any name.
      """),
    .trustedNetworks(
      "Who may relay through the internal port."),
    .count(
      "maximumMessageBytes", \.receiver.session.maximumMessageBytes, 0...Int.max, unit: "bytes",
      "Announced as SIZE; 0 for no limit."),
    .count(
      "maximumRecipients", \.receiver.session.maximumRecipients, 1...1_000_000,
      "Accepted recipients of one mail."),
    .count(
      "maximumErrorsPerSession", \.receiver.session.maximumErrors, 0...Int.max,
      "5yz answers in one session; the next one ends it."),
    .count(
      "maximumCommandsWithoutMail", \.receiver.session.maximumCommandsWithoutMail, 0...Int.max,
      """
      Commands of one session since its last accepted mail (EHLO, NOOP, RSET, VRFY, AUTH, MAIL and the like; RCPT and \
      content do not count). The next one ends it. 0 for no limit.
      """),
    .count(
      "maximumSessionMemory", \.receiver.maximumSessionMemory, 1_048_576...Int.max, unit: "bytes",
      """
      Bytes that all sessions together may keep of envelopes, headers and arriving content. Beyond it recipients and \
      content get 452, and sessions that keep much and send little are closed.
      """),
    .count(
      "maximumLoginFailuresPerSession", \.receiver.session.maximumLoginFailures, 1...Int.max,
      "Refused logins of one session, after which it ends."),
    .count(
      "maximumLoginTriesPerMinute", \.receiver.logins.triesPerMinute, 1...1000,
      """
      Login tries of one address (one /64 of IPv6) that are checked in a minute; further ones wait, and then get 454. \
      Successful logins do not count. A /48 of IPv6 has ten times as many.
      """),
    .count(
      "maximumRefusedLoginsPerHour", \.receiver.logins.refusalsPerHour, 1...1000,
      """
      Refused logins of one account. Beyond that, networks without a login to it within 30 days get 454 unchecked, \
      except for one try a minute.
      """),
    .count(
      "maximumReceivedFields", \.receiver.session.maximumReceivedFields, 1...Int.max,
      "A mail with more of them is in a loop, and refused."),
  ]
}
