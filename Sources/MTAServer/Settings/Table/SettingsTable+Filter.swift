extension SettingsTable {
  static let filter: [Setting] = [
    .contentFilter(
      """
      `spamc:HOST:PORT` or `spamc:/SOCKET` asks spamd (SpamAssassin), `rspamd:HOST:PORT` or `rspamd:/SOCKET` \
      asks rspamd, `none` nobody.
      """),
    .word(
      "contentFilterFails", \.contentFilterFails,
      """
      What becomes of mail when the filter is away, late, or talks nonsense: delivered with `X-Spam-Checked: no` \
      and the reason, or tried again later.
      """),
    .points(
      "contentFilterMarks", \.contentFilterMarks,
      "From so many points on mail is marked as spam; `none`: as the filter says."),
    .points(
      "contentFilterHolds", \.contentFilterHolds,
      "From so many points on mail is held: set aside, until somebody releases it."),
    .points(
      "contentFilterRejects", \.contentFilterRejects,
      """
      From so many points on mail is rejected: its sender, whoever that is, gets a bounce. Your own word, so it \
      holds whatever `contentFilterOnReject` says.
      """),
    .word(
      "contentFilterOnReject", \.contentFilterOnReject,
      """
      What becomes of mail that the filter itself would reject (rspamd's `reject`): set aside until somebody \
      releases it; or a bounce to its sender, whom spam most often forges; or gone, and nobody is told.
      """),
    .seconds(
      "contentFilterTimeout", \.contentFilterTimeout,
      "For one check; and before it, for its turn."),
    .count(
      "contentFilterMaximumBytes", \.contentFilterMaximumBytes, 0...Int.max, unit: "bytes",
      "Larger mail is delivered unchecked, with `X-Spam-Checked: no`."),
    .count(
      "contentFilterChecks", \.contentFilterChecks, 1...1000,
      "Checks at a time."),
    .optionalText(
      "contentFilterUser", \.contentFilterUser,
      "For spamd: whose preferences count. `recipient`: the recipient's address, where a mail has only one."),
    .optionalText(
      "contentFilterPassword", \.contentFilterPassword,
      "For rspamd: the password of its controller worker, said in clear."
    ).secret,
  ]
}
