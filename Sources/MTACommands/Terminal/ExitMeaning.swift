/// What the exit codes of all commands mean: for the manual page. `Docs/COMMANDS.md` has the same table.
struct ExitMeaning {
  /// `0`, or `130, 143`.
  var codes: String
  /// In Markdown.
  var meaning: String

  static let all = [
    ExitMeaning(
      codes: "0",
      meaning: "done"),
    ExitMeaning(
      codes: "1",
      meaning:
        "it failed; there is no such mail; `bench`: a mail was not taken; `user add`: there is such a user; `check-domain`: something is missing, wrong or unknown"
    ),
    ExitMeaning(
      codes: "2",
      meaning: "`dns`, `probe`, `policy`, `dkim`: the question could not be asked"),
    ExitMeaning(
      codes: "64",
      meaning:
        "arguments or settings that cannot be used; a question that would be asked on a terminal, and there is none"),
    ExitMeaning(
      codes: "65",
      meaning:
        "`send`: an address or the mail is refused for what it is; `restore`: the file is damaged, or no backup; `verify`: something is damaged or missing"
    ),
    ExitMeaning(
      codes: "66",
      meaning: "`stats`: a log cannot be opened; `restore`: the file cannot be opened"),
    ExitMeaning(
      codes: "67",
      meaning:
        "`alert`, `user`: there is no such user; `alias`: no such alias; `send`: recipients do not exist, and the others get the mail"
    ),
    ExitMeaning(
      codes: "69",
      meaning:
        "`reload`, `upgrade`, `stop`: no server runs with these settings; `send`: there is no way to one; `status`, `trace`: no server answers at `controlSocket`; `bench`: no connection became ready for a mail"
    ),
    ExitMeaning(
      codes: "73",
      meaning:
        "`backup`: the file is there, or cannot be written; `setup`: a file is there already, or cannot be made, or others can write a folder above; `man`: a page cannot be written"
    ),
    ExitMeaning(
      codes: "74",
      meaning:
        "`send`: standard input cannot be read; `stats`: a log cannot be read to its end; `setup`, `user`, `passwd`: standard output cannot be written, and what is said once would be lost, so nothing is changed"
    ),
    ExitMeaning(
      codes: "75",
      meaning:
        "`serve`: another server holds the lock file or the queue; `send`: nothing is queued, and another try may help; `status`, `trace`: too many ask the server"
    ),
    ExitMeaning(
      codes: "77",
      meaning: "`send`: the sender is not the caller's; `status`, `trace`: this user may not ask the server"),
    ExitMeaning(
      codes: "78",
      meaning:
        "the database, or the backup, was written by a newer program; `status`, `trace`: `controlSocket` is `none`"),
    ExitMeaning(
      codes: "130, 143",
      meaning: "`serve`: a second signal ended it at once"),
  ]
}
