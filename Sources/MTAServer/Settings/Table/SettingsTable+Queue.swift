extension SettingsTable {
  static let queue: [Setting] = [
    .path(
      "database", \.database,
      "The SQLite file of queue, contacts and known networks."),
    .path(
      "mailQueue", \.mailQueue,
      "The folder for large content."),
    .messageIDBase(
      "Digits of mail ids; 36 for file systems that fold case."),
    .localDelivery(
      "`maildir:DIR`, `lmtp:HOST:PORT`, `lmtp:/SOCKET`, `smtp:HOST:PORT`, or `none`: local mail waits."),
    .port(
      "remoteSMTPPort", \.remoteSMTPPort,
      "The port of other domains' servers."),
    .ignoreTargets(
      """
      Networks where no server of a foreign domain is: see [Ignored targets](#ignored-targets). `[]` switches it \
      off, for tests.
      """),
    .smarthost(
      """
      Takes all mail for other domains. Their routes are then not looked up at RCPT. With `smtps:` it is TLS \
      from the first byte.
      """),
    .optionalText(
      "smarthostUser", \.smarthostUser,
      "Whom to log in as at the smarthost, by AUTH PLAIN, or LOGIN where that is all there is."),
    .optionalPath(
      "smarthostPasswordFile", \.smarthostPasswordFile,
      "A file that holds the password. Read at start; the password is in no log."),
    .smarthostTLS(
      "What TLS the smarthost must offer; the words are those of `tlsPolicies`."),
    .routes(
      "The ways of single domains: see below."),
    .sourceAddresses(
      """
      The addresses to connect to other servers from, at most one IPv4 and one IPv6; without one of a family the \
      system chooses.
      """),
    .tlsPolicies(
      "What TLS the servers of single domains must offer, in place of DANE and MTA-STS: see below."),
    .flag(
      "dane", \.dane,
      "Use TLSA records (RFC 7672). It takes effect only with `trustResolvers`."),
    .flag(
      "mtaSTS", \.mtaSTS,
      "Look for MTA-STS policies of domains and keep to them (RFC 8461)."),
    .path(
      "mtaSTSCache", \.mtaSTSCache,
      "The file that keeps those policies over a restart."),
    .optionalPath(
      "trustRoots", \.trustRoots,
      "PEM: the authorities that certificates of other servers must lead to; none means those of the system."),
    .resolvers(
      "Name servers; none means those of `/etc/resolv.conf`. A link-local address has its zone: `fe80::1%eth0`."),
    .flag(
      "trustResolvers", \.trustResolvers,
      "The resolvers check DNSSEC and the way to them is safe: their word on it is taken."),
    .dkim(
      """
      Keys (PEM, RSA or Ed25519) that sign mail of authenticated or trusted senders: by the domain of its author \
      (From, or the newest Resent-From) if that is the user's own address, or else by the domain of the user's \
      login.
      """),
    .srsDomain(
      """
      Senders of mail that is forwarded to other servers are rewritten in this domain (SRS), and reports to them \
      taken back; its MX must be this server. With none they leave as they came, and servers that check SPF may \
      refuse them.
      """),
    .path(
      "srsSecret", \.srsSecret,
      """
      The secrets that sign rewritten senders, one a line of 16 octets or more: the first signs, all verify. \
      Made, for its owner alone, if it is missing and `srsDomain` is set.
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
      "delayWarning", \.delayWarning,
      "When the sender is told that a mail is late; it is tried then, too."),
    .count(
      "reportBurst", \.reportBurst, 1...1_000_000,
      """
      Reports of failures and delays that go to one mailbox at once. None is dropped: those beyond wait for \
      `reportInterval`.
      """),
    .seconds(
      "reportInterval", \.reportInterval,
      """
      Between those; and between two reports about one mail, of which each but the first returns the header \
      alone.
      """),
    .count(
      "maximumReturnedBytes", \.maximumReturnedBytes, 0...Int.max, unit: "bytes",
      """
      A mail that fails is returned whole up to this size, of a larger one its header. Where nobody vouches for \
      the sender, always the header.
      """),
    .count(
      "maximumDeliveries", \.maximumDeliveries, 1...10_000,
      "Deliveries at a time; a fifth is kept for local mail and for servers that answer."),
    .count(
      "deliveriesPerDestination", \.deliveriesPerDestination, 1...10_000,
      "Of those, to one set of servers, at most; fewer where they do not go well."),
    .destinationLimits(
      "Other limits: deliveries at a time, and the least seconds between two mails. Domains as in `routes`."),
    .word(
      "queueRunner", \.queueRunner,
      "Whether `serve` delivers; with `off` only `run-queue` does."),
  ]
}
