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
      Domains of which the hooks know every mailbox: others there are refused with 550 5.1.1. `postmaster@` each of \
      them exists.
      """),
    .users(
      """
      Who has a mailbox here. Without effect if a program has hooks of its own that do not use it. `*` is a mailbox \
      without a login. The command `user` adds and changes them; `passwd` prints a hash.
      """
    ).reloaded.secret,
    .aliases(
      """
      Names that stand for others, here or elsewhere. `@domain` takes mail for every name of the domain that does not \
      exist, except postmaster. Like `users` it works by hooks; yours may use it as \
      [AliasServer](../Examples/Sources/AliasServer) does.
      """
    ).reloaded,
    .forwards(
      """
      Where users have their mail sent: `to` is a mailbox or a list of them. With `keepCopy` (false) they get it as \
      well. Works by hooks, like `aliases`.
      """
    ).reloaded,
    .app(
      "Keys of a program of your own. `Settings.app` has the whole object; its keys are not checked."
    ).reloaded.opaque,
    .include(
      """
      Further settings files. They are read as if their keys stood here, but paths in them begin at their own folder. A \
      key may stand in one file only.
      """),
  ]
}
