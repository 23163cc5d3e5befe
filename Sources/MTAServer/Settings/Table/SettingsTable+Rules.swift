extension SettingsTable {
  static let rules: [Setting] = [
    .seconds(
      "receiverTimeout", \.receiverTimeout,
      "Silence after which a session ends."),
    .count(
      "maxFailedMessagesPerPeriod", \.maxFailedMessagesPerPeriod, 1...Int.max,
      "Violations at which an address is locked out."),
    .seconds(
      "prohibitedSeconds", \.prohibitedSeconds,
      "How long a lockout lasts, and how long a violation is remembered."),
    .networks(
      "neverProhibit", \.neverProhibit,
      """
      Networks such as `192.0.2.0/24` that are counted but never locked out, and whose logins are counted by \
      account alone: a webmail host's, say.
      """),
    .flag(
      "ehloDomainRequired", \.ehloDomainRequired,
      """
      EHLO and HELO must name something. What is no name (`Bob's-iPhone`) will do, and stands in a comment in \
      Received.
      """),
    .flag(
      "ehloDomainVerifies", \.ehloDomainVerifies,
      "On standard ports it must be an address literal, or a domain that is in the DNS."),
    .flag(
      "enforceMemberPorts", \.enforceMemberPorts,
      "Strangers use standard ports, members the submission port. Grants no relaying either way."),
    .word(
      "enforceAuthor", \.enforceAuthor,
      """
      Whose name a user who logged in may write in (the newest Resent-From, or else From): `local` is their own \
      and those of foreign domains, `all` their own alone, `off` anybody's. Others are refused with 550 5.7.1 at \
      the end of the content. Domains of `localDomains` and `dkim`, the server's own name, and domains of names \
      that the hooks know, are ours. An address that is none for the characters in it is refused, too. Clients \
      of `trustedNetworks` at the internal port may use any name.
      """),
    .trustedNetworks(
      "Who may relay through the internal port."),
    .count(
      "maximumMessageBytes", \.maximumMessageBytes, 0...Int.max, unit: "bytes",
      "Announced as SIZE; 0 for no limit."),
    .count(
      "maximumRecipients", \.maximumRecipients, 1...1_000_000,
      "Accepted recipients of one mail."),
    .count(
      "maximumErrorsPerSession", \.maximumErrorsPerSession, 0...Int.max,
      "5yz answers in one session; one more ends it."),
    .count(
      "maximumCommandsWithoutMail", \.maximumCommandsWithoutMail, 0...Int.max,
      """
      Commands of one session since its last accepted mail (EHLO, NOOP, RSET, VRFY, AUTH, MAIL and the like; \
      RCPT and content do not count); one more ends it. 0 for no limit.
      """),
    .count(
      "maximumSessionMemory", \.maximumSessionMemory, 1_048_576...Int.max, unit: "bytes",
      """
      Bytes that all sessions together keep of envelopes, headers and content that arrive. Beyond it recipients \
      and content get 452, and sessions that keep much and send little are closed.
      """),
    .count(
      "maximumLoginFailuresPerSession", \.maximumLoginFailuresPerSession, 1...Int.max,
      "Refused logins of one session, after which it ends."),
    .count(
      "maximumLoginTriesPerMinute", \.maximumLoginTriesPerMinute, 1...1000,
      """
      Login tries of one address (one /64 of IPv6) that are checked in a minute; those beyond wait, and then get \
      454. Logins that succeed are not counted. A /48 of IPv6 has ten times as many.
      """),
    .count(
      "maximumRefusedLoginsPerHour", \.maximumRefusedLoginsPerHour, 1...1000,
      """
      Refused logins of one account, above which a try from a network that never logged in to it within 30 days \
      gets 454 unchecked, but for one a minute.
      """),
    .count(
      "maximumReceivedFields", \.maximumReceivedFields, 1...Int.max,
      "Above it a mail is taken for one that loops."),
  ]
}
