/// The tables, as SQL: version by version, each a step from the one before.
///
/// A released step is never changed; a change is a new step. Columns that are read often stand before long ones, so SQLite need not
/// walk a mail's content to reach them.
enum Schema {
  /// `MTAQ`: distinguishes our files from other programs'.
  static let applicationID: Int64 = 0x4d54_4151

  /// The page sizes in bytes: of new files, and of earlier versions.
  static let pageSizes = [8192, 4096]

  static var version: Int { migrations.count }

  /// The first version with `checksum`.
  static let checksumVersion = 9

  /// The lanes of waiting parcels, so that a claim skips a lane in one step, however much waits in it. A row of `lanes` says when the
  /// first parcel of its lane is due. Triggers update it after every write to `parcels`. The column `next_hop` is no longer written; it
  /// stays for programs of the version before that have the file open.
  private static let lanes: [String] = [
    "ALTER TABLE parcels ADD COLUMN lane TEXT NOT NULL DEFAULT ''",
    "UPDATE parcels SET lane = coalesce(next_hop, 'local:') WHERE state IN ('waiting', 'working')",
    "DROP INDEX parcels_due",
    "DROP INDEX parcels_urgent",
    "CREATE INDEX parcels_due ON parcels (retry_at, mail_id) WHERE state = 'waiting' AND hold = 0",
    "CREATE INDEX parcels_urgent ON parcels (retry_at, mail_id) WHERE state = 'waiting' AND hold = 0 AND priority > 0",
    """
    CREATE INDEX parcels_lane ON parcels (lane, priority > 0, retry_at, mail_id) WHERE state = 'waiting' AND hold = 0
    """,
    """
    CREATE TABLE lanes (urgent INTEGER NOT NULL, name TEXT NOT NULL, due TEXT, PRIMARY KEY (urgent, name)) WITHOUT ROWID
    """,
    "CREATE INDEX lanes_due ON lanes (urgent, due, name)",
    """
    INSERT INTO lanes SELECT priority > 0, lane, min(retry_at) FROM parcels
      WHERE state = 'waiting' AND hold = 0 AND retry_at IS NOT NULL GROUP BY 1, 2
    """,
    "CREATE TRIGGER lanes_insert AFTER INSERT ON parcels \(began)",
    "CREATE TRIGGER lanes_begin AFTER UPDATE OF state, hold, lane, priority, retry_at ON parcels \(began)",
    "CREATE TRIGGER lanes_end AFTER UPDATE OF state, hold, lane, priority, retry_at ON parcels \(ended)",
    "CREATE TRIGGER lanes_delete AFTER DELETE ON parcels \(ended)",
  ]

  /// A parcel begins to wait.
  private static let began = """
    WHEN NEW.state = 'waiting' AND NEW.hold = 0 AND NEW.retry_at IS NOT NULL BEGIN
      INSERT INTO lanes VALUES (NEW.priority > 0, NEW.lane, NEW.retry_at)
        ON CONFLICT (urgent, name) DO UPDATE SET due = excluded.due WHERE due > excluded.due;
    END
    """

  /// A parcel waits no longer.
  private static let ended = """
    WHEN OLD.state = 'waiting' AND OLD.hold = 0 BEGIN
      UPDATE lanes SET due = (SELECT min(retry_at) FROM parcels
          WHERE lane = OLD.lane AND (priority > 0) = (OLD.priority > 0) AND state = 'waiting' AND hold = 0)
        WHERE urgent = (OLD.priority > 0) AND name = OLD.lane AND due = OLD.retry_at;
      DELETE FROM lanes WHERE urgent = (OLD.priority > 0) AND name = OLD.lane AND due IS NULL;
    END
    """

  /// `migrations[n]` is the step from version n to n + 1.
  static let migrations: [[String]] = [
    [
      """
      CREATE TABLE messages (
        id TEXT NOT NULL PRIMARY KEY,
        size INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        settled_at TEXT,
        envelope TEXT NOT NULL,
        content_file TEXT,
        trace BLOB,
        content BLOB
      )
      """,
      "CREATE INDEX messages_settled ON messages (settled_at) WHERE settled_at IS NOT NULL",
      "CREATE INDEX messages_file ON messages (content_file, id) WHERE content_file IS NOT NULL",
      """
      CREATE TABLE contacts (
        id INTEGER PRIMARY KEY,
        remote_ip TEXT NOT NULL UNIQUE,
        hits INTEGER NOT NULL DEFAULT 0,
        locks INTEGER NOT NULL DEFAULT 0,
        violations INTEGER NOT NULL DEFAULT 0,
        expires_at TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
      )
      """,
      """
      CREATE TABLE parcels (
        id INTEGER PRIMARY KEY,
        contact_id INTEGER REFERENCES contacts (id) ON DELETE SET NULL,
        mail_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        "from" TEXT NOT NULL,
        "to" TEXT NOT NULL,
        delivery TEXT NOT NULL,
        delivery_at TEXT,
        delivery_msg TEXT,
        retry_at TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        state TEXT NOT NULL,
        hold INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        lease_owner TEXT,
        lease_until TEXT,
        expires_at TEXT NOT NULL,
        warned_at TEXT,
        next_hop TEXT,
        mailbox_id TEXT,
        owner_id TEXT,
        notify TEXT,
        orcpt TEXT,
        last_host TEXT,
        last_tls TEXT
      )
      """,
      "CREATE INDEX parcels_due ON parcels (retry_at, mail_id) WHERE state = 'waiting' AND hold = 0",
      "CREATE INDEX parcels_leased ON parcels (lease_until) WHERE state = 'working'",
      "CREATE INDEX parcels_mail ON parcels (mail_id, state)",
      "CREATE INDEX parcels_contact ON parcels (contact_id) WHERE contact_id IS NOT NULL",
    ],
    [
      "ALTER TABLE parcels ADD COLUMN priority INTEGER NOT NULL DEFAULT 0",
      "ALTER TABLE parcels ADD COLUMN forwarded_for TEXT",
      "ALTER TABLE parcels ADD COLUMN last_policy TEXT",
      // With the next hop in it, so that what is passed over costs a step in the index alone.
      "DROP INDEX parcels_due",
      "CREATE INDEX parcels_due ON parcels (retry_at, mail_id, next_hop) WHERE state = 'waiting' AND hold = 0",
      "CREATE INDEX parcels_urgent ON parcels (retry_at, mail_id, next_hop) WHERE state = 'waiting' AND hold = 0 AND priority > 0",
    ],
    [
      // How often a runner took it: what was taken before may have been delivered without a word.
      "ALTER TABLE parcels ADD COLUMN leases INTEGER NOT NULL DEFAULT 0"
    ],
    [
      // For what is to be forgotten.
      "CREATE INDEX contacts_updated ON contacts (updated_at)"
    ],
    [
      // Mails that our own work broke off at. The second column is text, so that a salvage takes no row for one of `messages`.
      """
      CREATE TABLE suspects (
        mail_id TEXT NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        cause TEXT NOT NULL,
        process TEXT,
        count INTEGER NOT NULL,
        told_at TEXT
      )
      """
    ],
    [
      // From which networks users log in.
      """
      CREATE TABLE logins (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        network TEXT NOT NULL,
        last_login TEXT NOT NULL,
        UNIQUE (account, network)
      )
      """,
      "CREATE INDEX logins_last ON logins (last_login)",
    ],
    lanes,
    [
      // What an operator said about a copy.
      "ALTER TABLE parcels ADD COLUMN operator_order TEXT",
      // And about clients.
      """
      CREATE TABLE client_orders (
        id INTEGER PRIMARY KEY,
        network TEXT NOT NULL,
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        until TEXT,
        created_at TEXT NOT NULL
      )
      """,
      "CREATE INDEX client_orders_network ON client_orders (network)",
    ],
    [
      // The CRC-32C of content and trace; NULL for mail of versions before, and where an operator said that the content counts as it is.
      "ALTER TABLE messages ADD COLUMN checksum INTEGER"
    ],
    [
      // What users and clients sent.
      """
      CREATE TABLE sending_counts (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        hour_began TEXT NOT NULL,
        hour_mails INTEGER NOT NULL,
        hour_recipients INTEGER NOT NULL,
        day_began TEXT NOT NULL,
        day_mails INTEGER NOT NULL,
        day_recipients INTEGER NOT NULL
      )
      """,
      "CREATE INDEX sending_counts_day ON sending_counts (day_began)",
      // What an operator said about users and domains.
      """
      CREATE TABLE account_orders (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        until TEXT,
        created_at TEXT NOT NULL
      )
      """,
      "CREATE INDEX account_orders_name ON account_orders (kind, name)",
    ],
  ]
}
