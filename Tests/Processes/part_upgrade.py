"""Programs in place of the one that runs: the same again, and those that cannot serve. Needs a server that upgrades at SIGUSR2."""

import os
import re
import shutil
import signal
import struct
import subprocess
import time

import mails
import proc
import wire
from report import say
from server import Failure, Server

NAME = "upgrade"
# How long a server may take to see that a program is of no use: the one that hangs takes longest.
PATIENCE = 90


def same(new, old):
    shutil.copy(old, new)


def script(text):
    def make(new, _):
        with open(new, "w") as file:
            file.write(f"#!/bin/sh\n{text}\n")

    return make


def truncated(new, old):
    """Cut in the middle of what is loaded: what is for debuggers may be most of a file, and at its end."""
    shutil.copy(old, new)
    with open(old, "rb") as file:
        header = file.read(64)
        start, (size, count) = struct.unpack_from("<Q", header, 32)[0], struct.unpack_from("<HH", header, 54)
        file.seek(start)
        entries = [struct.unpack_from("<IIQQQQ", file.read(size)) for _ in range(count)]
    os.truncate(new, max(entry[2] + entry[5] for entry in entries if entry[0] == 1) // 2)


BAD = {
    "a truncated program": truncated, "one that ends at once with 0": script("exit 0"),
    "one that ends at once by abort": script("kill -ABRT $$"), "one that hangs": script("exec sleep 600"),
    "none at all": None,
}


def run(report, options, folder):
    if not options.upgrade:
        return report.skip(NAME, "without --upgrade")
    server = Server(options, folder, options.isolation).start()
    good = server.at("good")
    shutil.copy(server.program, good)
    diary = wire.Diary()
    upgrade(report, server, good, diary)
    for what, make in BAD.items():
        refuse(report, server, what, make, good, diary)
    at_once(report, server, diary, "SIGHUP and SIGUSR2 at once", [signal.SIGHUP, signal.SIGUSR2])
    for order in ([signal.SIGUSR2, signal.SIGHUP, signal.SIGTERM], [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2],
                  [signal.SIGHUP, signal.SIGTERM, signal.SIGUSR2]):
        name = ", ".join(signal.Signals(number).name for number in order) + " at once"
        at_once(report, server, diary, name, order)
    report.none(NAME, "undelivered", server.drain())
    code = server.stop()
    report.hold(NAME, "exit code after SIGTERM", code, "0", code == 0)
    ledger = mails.Ledger()
    ledger.add(diary.accepted, diary.uncertain)
    ledger.compare(report, NAME, server)
    report.none(NAME, "trouble of clients", [f"{entry[1]} {entry[2]}" for entry in diary.troubles])


def place(server, make, old):
    """Another program by the path of the start, from one moment to the next."""
    new = server.at("new")
    make(new, old)
    os.chmod(new, 0o755)
    os.replace(new, server.program)


class Open:
    """A session that stays open over what happens, and then brings a mail."""

    count = 0

    def __init__(self, server, diary):
        self.diary = diary
        self.session = wire.Session(server.port, timeout=30)
        self.session.hello()

    def finish(self, number):
        try:
            Open.count += 1
            with self.session as session:
                session.mail(f"upgrade.{Open.count}-{mails.SMALL}", number, self.diary)
                session.quit()
                return True
        except wire.Trouble as trouble:
            self.diary.note(trouble)
            return False


def serves(server, diary):
    """A new connection and a mail."""
    try:
        return Open(server, diary).finish(0)
    except wire.Trouble as trouble:
        diary.note(trouble)
        return False


def upgrade(report, server, good, diary):
    """The same program again: other children, one master."""
    place(server, same, good)
    before, session, begun = set(server.roles()), Open(server, diary), time.monotonic()
    server.signal(signal.SIGUSR2)
    server.wait("children of the new program serve", lambda: server.is_complete and others(server, before), PATIENCE)
    report.tell(NAME, "the same program again: seconds until it serves", f"{time.monotonic() - begun:.2f}")
    report.hold(NAME, "the same program again: a session that was open brings its mail", session.finish(1), "True", not diary.troubles)
    server.wait("the old children end", lambda: not before & set(proc.descendants(server.master)), 60)
    goes_on(report, server, diary, "the same program again")
    path = os.readlink(f"/proc/{server.master}/exe")
    report.hold(NAME, "the same program again: the master runs it", path, server.program, path == server.program)


def others(server, before):
    """Whether there is a full set of children beside those."""
    roles = [role for pid, role in server.roles().items() if pid not in before]
    return all(roles.count(role) >= count for role, count in server.wanted.items())


def goes_on(report, server, diary, what):
    alive = server.process.poll() is None
    report.hold(NAME, f"{what}: the same master serves", alive and serves(server, diary), "True", alive and not diary.troubles)


def refuse(report, server, what, make, good, diary):
    """Nothing changes but a line in the log, and a child that dies is replaced by the program that runs."""
    say(f"{NAME}: {what}")
    before, session, start = set(proc.descendants(server.master)), Open(server, diary), server.log_size()
    if make:
        place(server, make, good)
    else:
        os.unlink(server.program)
    server.signal(signal.SIGUSR2)
    try:
        line = server.wait("the log says why", lambda: re.search(r"\[(?:warning|error|critical)\] .*upgrade.*", server.log(start)), PATIENCE)
        report.tell(NAME, f"{what}: the log", line[0].partition(" reason=")[2] or line[0][:100])
    except Failure as failure:
        report.hold(NAME, f"{what}: the log says why", failure, "a line", False)
    if server.process.poll() is not None:
        raise Failure(f"{what}: the server ended with {server.process.returncode}")
    differing = before ^ set(proc.descendants(server.master))
    report.none(NAME, f"{what}: children that went or came", differing)
    victims = [pid for pid, role in server.roles().items() if role in ("receiver", "acceptor")]
    report.hold(NAME, f"{what}: a session that was open brings its mail", session.finish(1), "True", not diary.troubles)
    if victims:
        os.kill(victims[0], signal.SIGKILL)
        try:
            server.wait("it is replaced", lambda: proc.started(victims[0]) is None and server.is_complete, 20)
            report.hold(NAME, f"{what}: a child that dies meanwhile is replaced", "yes", "yes", True)
        except Failure as failure:
            report.hold(NAME, f"{what}: a child that dies meanwhile is replaced", failure, "yes", False)
        time.sleep(3)  # the third end of a role within five seconds would put the next start off
    goes_on(report, server, diary, what)
    place(server, same, good)


def at_once(report, server, diary, what, numbers):
    """Signals within a millisecond. With SIGTERM the server ends, and starts again; without it the same master goes on."""
    say(f"{NAME}: {what}")
    session, begun = Open(server, diary), time.monotonic()
    for number in numbers:
        server.signal(number)
    took = time.monotonic() - begun
    if signal.SIGTERM not in numbers:
        time.sleep(3)
        report.hold(NAME, f"{what}: a session that was open brings its mail", session.finish(1), "True", not diary.troubles)
        server.wait("every role is there", lambda: server.is_complete)
        return goes_on(report, server, diary, what)
    # It may end the session with 421, or let it go on.
    ended = wire.Diary()
    session.diary = ended
    session.finish(1)
    diary.accepted |= ended.accepted
    diary.uncertain |= ended.uncertain
    bad = [entry for entry in ended.troubles if entry[1] != wire.CLOSING]
    report.none(NAME, f"{what}: session ended without 421", [f"{entry[1]} {entry[2]}" for entry in bad])
    try:
        code = server.process.wait(60)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{what}: the server does not end") from error
    left = server.leave()
    report.hold(NAME, f"{what} ({1000 * took:.1f} ms): exit code", code, "0", code == 0)
    report.none(NAME, f"{what}: processes left", left)
    server.start()
