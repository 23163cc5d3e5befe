/// The tables, as SQL: version by version, each a step forward from the one before.
///
/// A step that was released is never changed; a change is a new step. Columns that are read often stand before the long
/// ones, so that SQLite does not walk a mail's content to reach them.
enum Schema {
  /// `MTAQ`: tells our files from other programs'.
  static let applicationID: Int64 = 0x4d54_4151

  /// Bytes of a page: of new files, and of those of earlier versions.
  static let pageSizes = [8192, 4096]

  static var version: Int { migrations.count }

  /// `migrations[n]` leads from version n to n + 1.
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
  ]
}
