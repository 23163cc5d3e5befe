"""Mails that can be told whole from damaged, and what became of each."""

import collections
import os
import sqlite3

DOMAIN = "local.example"
MAILBOXES = 8
LINE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SMALL, LARGE = 10, 4400  # lines: less than 1 KiB, and more than 300 KB, which does not stay in memory


def content(token):
    """The text as the client sends it. The token ends with the number of lines."""
    line = token.encode() + b" " + LINE + b"\r\n"
    return b"Subject: " + token.encode() + b"\r\n\r\n" + line * int(token.rpartition("-")[2]) + b"end\r\n"


def recipient(number):
    return f"u{number % MAILBOXES}@{DOMAIN}"


def judge(text):
    """(token, whether the mail is whole) of what was delivered; trace fields stand before what the client sent."""
    text = text.replace(b"\n", b"\r\n")
    start = text.find(b"\r\nSubject: ") + 2
    token = text[start + 9:text.find(b"\r\n", start)].decode(errors="replace")
    try:
        return token, start > 1 and text[start:] == content(token)
    except ValueError:
        return token, False


class Ledger:
    """What clients were promised. No client sends a mail again."""

    def __init__(self):
        self.accepted, self.uncertain = set(), set()

    def add(self, accepted, uncertain):
        self.accepted |= set(accepted)
        self.uncertain |= set(uncertain)

    def compare(self, report, part, server):
        """Rows on what is in the Maildirs of a server that has delivered everything."""
        copies, damaged = collections.Counter(), []
        for path in server.delivered():
            with open(path, "rb") as file:
                token, is_whole = judge(file.read())
            copies[token] += 1
            if not is_whole:
                damaged.append(token)
        kept = sum(1 for token in self.uncertain if copies[token])
        report.tell(part, "mails with a 250", len(self.accepted))
        report.tell(part, "mails whose answer was lost", f"{len(self.uncertain)}, of which {kept} are there")
        report.none(part, "lost", [token for token in sorted(self.accepted) if not copies[token]])
        report.none(part, "doubled", [token for token, count in copies.items() if count > 1])
        report.none(part, "damaged", damaged)
        sent = self.accepted | self.uncertain
        report.none(part, "mails that no client sent", [token for token in copies if token not in sent])


def waiting(database):
    """Copies that are not delivered yet. The server must run: without it, root would make files that it cannot open."""
    with sqlite3.connect(f"file:{database}?mode=ro", timeout=10, uri=True) as connection:
        return connection.execute("SELECT count(*) FROM parcels WHERE state IN ('waiting', 'working')").fetchone()[0]


def files(maildir):
    for top, _, names in os.walk(os.path.join(maildir, DOMAIN)):
        if os.path.basename(top) == "new":
            yield from (os.path.join(top, name) for name in names)
