extension SettingsTable {
  static let identity: [Setting] = [
    .serverName(
      "The server's own name: in the greeting, in EHLO, in Received."),
    .serverTitle(
      "Shown in the greeting behind the name."),
    .postmasterName(
      "Where mail for `postmaster` goes."),
    .localDomains(
      """
      Domains whose every mailbox is known to the hooks: others in them are refused with 550 5.1.1. \
      `postmaster@` each of them exists.
      """),
    .users(
      """
      Who has a mailbox here, unless a program has hooks of its own: then those say. `*` is a mailbox that \
      nobody logs in to. Make a hash with `openssl passwd -6`.
      """
    ).reloaded.secret,
    .aliases(
      """
      Names that stand for others, here or elsewhere; `@domain` takes what nobody of the domain has, but \
      postmaster. As `users`, for hooks; those of your own may use them as \
      [AliasServer](../Examples/Sources/AliasServer) does.
      """
    ).reloaded,
    .forwards(
      """
      Where users have their mail sent: `to` is a mailbox or a list of them; with `keepCopy` (false) they get it \
      as well. For hooks, as `aliases`.
      """
    ).reloaded,
    .app(
      """
      Keys of a program of your own: whatever stands in it is handed over by `Settings.app`, unknown keys and \
      all.
      """
    ).reloaded,
  ]
}
