extension SettingsTable {
  static let process: [Setting] = [
    .word(
      "logTarget", \.logTarget,
      """
      Where the log goes: `logFile`; standard error; `/dev/log` by RFC 5424 or RFC 3164; the journal of systemd. See \
      [Log](#log).
      """),
    .optionalPath(
      "logFile", \.logFile,
      "`none` is standard error."),
    .word(
      "logFormat", \.logFormat,
      """
      How an entry stands in `logFile` and on standard error: a line of text, or a JSON object on a line. \
      [OPERATING.md](OPERATING.md#the-log) lists entries and fields.
      """),
    .logRotation(
      """
      When the server begins a new `logFile`: `daily`, `weekly`, `monthly` or a number of bytes, and perhaps `, keep \
      N`: so many old files stay. `none`: another program rotates it.
      """),
    .word(
      "logTimes", \.logTimes,
      "The time zone of lines, and of the days of `logRotation`."),
    .path(
      "pidFile", \.pidFile,
      "Has the number of the server's process. Removed at the end; one that a crash left is replaced."),
    .path(
      "lockFile", \.lockFile,
      "Keeps a second server from starting on the same folder. It has the number of the server's process."),
    .seconds(
      "shutdownGrace", \.shutdownGrace,
      "The time that arriving mails, and deliveries under way, get when the server ends."),
    .isolation(
      """
      How many processes a server is: `inProcess`, one; `workers:N`, so many receivers beside one for the queue, at most \
      64; `processPerConnection` or `processPerConnection:N`, a process for each connection, at most N (256) at a time. \
      See [Processes](#processes).
      """
    ),
    .optionalText(
      "userName", \.userName,
      "The user to run as, when started as root: a name or a number."
    ),
    .optionalText(
      "groupName", \.groupName,
      "The group to run as, when started as root: a name or a number."
    ),
    .receiverUserName(
      "The user of the processes that receive mail. One of their own cannot read the queue, whatever the kernel is."
    ),
    .receiverPaths(
      """
      What hooks of a program may reach in the file system, beside what every program needs: files, or folders with all \
      that is in them. Behind `rw:` hooks may write there, too.
      """
    ),
    .optionalText(
      "controlGroup", \.controlGroup,
      """
      The group whose members may ask a running server and command it, at `controlSocket`: a name or a number. `none`: the group that \
      the server runs as.
      """
    ),
    .controlSocket(
      """
      The Unix socket at which operators ask a running server, by `trace` and `status`. Root, the server's user and members of \
      `controlGroup` may connect (mode 0660). At most 100 octets. `none`: there is none. For members of `controlGroup` name a path in a \
      folder that they reach: `/run/swift-mta/control`, for example.
      """
    ),
    .flag(
      "allowInsecureFiles", \.allowInsecureFiles,
      "Start although strangers can read secret files. The log warns of each. See [Secrets](#secrets)."),
    .flag(
      "showIncomingData", \.showIncomingData,
      "Print the content of arriving mail on standard output, line by line: see [Dialogues](#dialogues)."),
    .flag(
      "dumpMailIntoLog", \.dumpMailIntoLog,
      "Write the content of arriving mail to the log, line by line."),
    .flag(
      "displayReceiverDialog", \.displayReceiverDialog,
      "Print receiving dialogues on standard output; credentials are masked."),
    .flag(
      "logReceiverConversation", \.logReceiverConversation,
      "Write receiving dialogues to the log."),
    .flag(
      "displayQueueRunnerDialog", \.displayQueueRunnerDialog,
      "Print sending dialogues on standard output; credentials and content are left out."),
    .flag(
      "logQueueRunnerConversation", \.logQueueRunnerConversation,
      "Write sending dialogues to the log."),
    .networks(
      "debugPeers", \.debugPeers,
      """
      Clients and servers whose dialogues are logged in any case. If there are any, the six switches above hold for them \
      alone.
      """),
  ]
}
