import MTADelivery

extension SettingsTable {
  static let queue: [Setting] = [
    .path(
      "database", \.database,
      "The SQLite file of queue, contacts and known networks."),
    .path(
      "mailQueue", \.mailQueue,
      "The folder for large content."),
    .count(
      "minimumFreeBytes", \.minimumFreeBytes, 0...Int.max, unit: "bytes",
      """
      Mail gets 452 while less is free where database and queue lie, so that deliveries and their reports have room. 0: until the disk is \
      full, which loses nothing either.
      """),
    .eventRetention(
      """
      How long `explain` knows what became of a mail: session, checks, attempts, replies. That has addresses of people, \
      as the log has. It is kept beside `database`, as `….events`. `0`: nothing is kept.
      """),
    .count(
      "eventMaximumBytes", \.eventMaximumBytes, 1_048_576...Int.max, unit: "bytes",
      """
      The size of that file, about. The oldest is removed first: seven tenths are for accepted mail, two for mail that \
      was refused, one for other refusals.
      """),
    .messageIDBase(
      "Digits of mail ids; 36 for file systems that fold case."),
    .localDelivery(
      "`maildir:DIR`, `lmtp:HOST:PORT`, `lmtp:/SOCKET`, `smtp:HOST:PORT`, or `none`: local mail waits."),
    .recipientDelimiter(
      """
      Characters that end a user's name in a local part: with `+` mail for `ann+lists@example.org` is for ann. A user or alias of the whole \
      name comes first. Maildirs are the user's; by LMTP the whole address goes, and Dovecot's `recipient_delimiter` should be the same.
      """),
    .port(
      "remoteSMTPPort", \.runner.remoteSMTPPort,
      "The port of other domains' servers."),
    .ignoreTargets(
      """
      Networks to which no foreign domain may direct mail: see [Ignored targets](#ignored-targets). `[]` switches it \
      off, for tests.
      """),
    .smarthost(
      """
      Takes all mail for other domains. Their routes are then not looked up at RCPT. With `smtps:` it is TLS \
      from the first byte.
      """),
    .optionalText(
      "smarthostUser", \.smarthostUser,
      "The user to log in as at the smarthost, by AUTH PLAIN, or LOGIN if the smarthost has nothing else."),
    .optionalPath(
      "smarthostPasswordFile", \.smarthostPasswordFile,
      "A file with the password. It is read at start; the password is in no log."),
    .smarthostTLS(
      "The TLS that the smarthost must offer; the words are those of `tlsPolicies`."),
    .routes(
      "The routes of single domains: see below."),
    .sourceAddresses(
      """
      The addresses from which connections to other servers are made, at most one IPv4 and one IPv6. Without one of a \
      family the system chooses.
      """),
    .tlsPolicies(
      "The TLS that servers of single domains must offer, in place of DANE and MTA-STS: see below."),
    .flag(
      "dane", \.runner.usesDANE,
      "Use TLSA records (RFC 7672). It takes effect only with `trustResolvers`."),
    .flag(
      "mtaSTS", \.mtaSTS,
      "Look for MTA-STS policies of domains and keep to them (RFC 8461)."),
    .path(
      "mtaSTSCache", \.mtaSTSCache,
      "The file that keeps those policies over a restart."),
    .optionalPath(
      "trustRoots", \.trustRoots,
      "PEM: the authorities that certificates of other servers must lead to; `none`: those of the system."),
    .resolvers(
      "Name servers; none: those of `/etc/resolv.conf`. A link-local address has its zone: `fe80::1%eth0`."),
    .flag(
      "trustResolvers", \.trustResolvers,
      "Trust the resolvers: they check DNSSEC, and the way to them is safe."),
    .dkim(
      """
      Keys (PEM, RSA or Ed25519) that sign mail of authenticated or trusted senders. The domain of its author (From, \
      or the newest Resent-From) signs if that is the user's own address; else the domain of the user's login.
      """),
    .srsDomain(
      """
      The domain of rewritten senders (SRS), for mail that is forwarded to other servers. Its MX must be this server, \
      which takes the reports. With `none` senders stay as they are, and servers that check SPF may refuse the mail.
      """),
    .path(
      "srsSecret", \.srsSecret,
      """
      The file with the secrets that sign rewritten senders, one a line of 16 octets or more: the first signs, all \
      verify. It is made, for its owner alone, if it is missing and `srsDomain` is set.
      """),
    .seconds(
      "queueRunnerTimeout", \.queueRunnerTimeout,
      "How long a remote server may take to answer a command."),
    .retrySchedule(
      "Waits after the first, second … attempt; the last repeats."),
    .seconds(
      "queueLifetime", \.queueLifetime,
      "How long a mail is tried; then it fails."),
    .seconds(
      "delayWarning", \.runner.delayWarning,
      "The age at which a mail's sender gets a report of the delay; the mail is tried then, too."),
    .count(
      "reportBurst", \.runner.reportBurst, 1...1_000_000,
      """
      Reports of failures and delays that go to one mailbox at once. None is dropped: further ones wait for \
      `reportInterval`.
      """),
    .seconds(
      "reportInterval", \.runner.reportInterval,
      """
      The time between those, and between two reports about one mail. Of the latter each but the first returns the \
      header alone.
      """),
    .count(
      "maximumReturnedBytes", \.runner.maximumReturned, 0...Int.max, unit: "bytes",
      """
      A report returns a failed mail whole up to this size, and of a larger one the header. If the sender is not \
      vouched for, it returns the header alone.
      """),
    .count(
      "maximumDeliveries", \.runner.maximumDeliveries, 1...10_000,
      "Deliveries at a time. A fifth is kept for local mail and for servers that answer."),
    .count(
      "deliveriesPerDestination", \.runner.destinationLimit.deliveries, 1...10_000,
      "Deliveries to one set of servers at a time, at most; fewer while they fail."),
    .destinationLimits(
      "Other limits: deliveries at a time, and the least seconds between two mails. Domains as in `routes`."),
    .word(
      "queueRunner", \.queueRunner,
      "Whether `serve` delivers; with `off` only `run-queue` does."),
  ]
}
