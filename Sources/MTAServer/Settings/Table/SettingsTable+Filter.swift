import MTADelivery

extension SettingsTable {
  static let filter: [Setting] = [
    .contentFilter(
      """
      `spamc:HOST:PORT` or `spamc:/SOCKET` asks spamd (SpamAssassin), `rspamd:HOST:PORT` or `rspamd:/SOCKET` asks \
      rspamd, `none` switches it off.
      """),
    .word(
      "contentFilterFails", \.filtering.failing,
      """
      What happens to mail when the filter is away, late, or answers nonsense: `open` delivers it with \
      `X-Spam-Checked: no` and the reason, `closed` tries again later.
      """),
    .points(
      "contentFilterMarks", \.filtering.marksFrom,
      "Mail with this number of points or more is marked as spam; `none`: the filter decides."),
    .points(
      "contentFilterHolds", \.filtering.holdsFrom,
      "Mail with this number of points or more is held until an operator releases it."),
    .points(
      "contentFilterRejects", \.filtering.rejectsFrom,
      """
      Mail with this number of points or more is rejected, whatever `contentFilterOnReject` says: its sender gets a \
      bounce, even if forged.
      """),
    .word(
      "contentFilterOnReject", \.filtering.onReject,
      """
      What happens to mail that the filter itself would reject (rspamd's `reject`): `hold` until an operator releases \
      it; `bounce` to its sender, which spam mostly forges; `discard` without a report.
      """),
    .seconds(
      "contentFilterTimeout", \.contentFilterTimeout,
      "The time of one check, and the time to wait for its turn."),
    .count(
      "contentFilterMaximumBytes", \.filtering.maximumBytes, 0...Int.max, unit: "bytes",
      "Larger mail is delivered unchecked, with `X-Spam-Checked: no`."),
    .count(
      "contentFilterChecks", \.filtering.maximumChecks, 1...1000,
      "Checks at a time."),
    .optionalText(
      "contentFilterUser", \.contentFilterUser,
      "For spamd: the user whose preferences count. `recipient`: the recipient's address, if a mail has only one."),
    .optionalPath(
      "contentFilterPasswordFile", \.contentFilterPasswordFile,
      "For rspamd: a file with the password of its controller worker, which is sent in clear."),
    .optionalText(
      "contentFilterPassword", \.contentFilterPassword,
      "The password itself. Write `contentFilterPasswordFile` in its place; the log warns."
    ).secret(fileKey: "contentFilterPasswordFile"),
  ]
}
