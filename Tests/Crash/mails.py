"""Mails that can be told whole from damaged: each line of a mail says which it is, and its size follows from its number."""

import random

LOCAL = "local.example"
REMOTE = "remote.example"
MAILBOXES = 50
LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"


def content(number):
    """The text as the client sends it, CR LF line ends, no line with a dot in front."""
    line = b"%09d %s\r\n" % (number, (LETTERS * 2)[number % 64:number % 64 + 60])
    chance = random.Random(number).random()
    if chance < 0.005:
        lines = 5000  # 360 KiB: spilled to a file while it arrives
    elif chance < 0.02:
        lines = 1400  # 100 KiB: kept in memory, stored as a file
    else:
        lines = 1 + int(chance * 1000) % 140  # up to 10 KiB: stored in the database
    return b"X-Crash: %09d\r\nSubject: crash test\r\n\r\n" % number + line * lines + b"end of %09d\r\n" % number


def recipients(number):
    """One local, one remote, or both."""
    local = f"u{number % MAILBOXES}@{LOCAL}"
    remote = f"r{number % MAILBOXES}@{REMOTE}"
    return [[local], [remote], [local, remote]][number % 3]


def judge(text):
    """(number, whether it is whole) of a delivered text; trace fields may stand before what the client sent."""
    start = 0 if text.startswith(b"X-Crash: ") else text.find(b"\nX-Crash: ") + 1
    if start == 0 and not text.startswith(b"X-Crash: "):
        return None, False
    try:
        number = int(text[start + 9:start + 18])
    except ValueError:
        return None, False
    return number, text[start:] == content(number)
