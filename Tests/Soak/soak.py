"""The soak: hostile sessions with mails of a corpus and their mutations, through a whole server. See Scripts/soak."""

import argparse
import collections
import hashlib
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import hostility

MAILBOXES = 10
DOMAIN = "soak.example"
QUEUED = re.compile(rb"queued as ([0-9A-Za-z-]+)")
ALARM = re.compile(rb"\[(critical|error)\]|Fatal error|Thread .* crashed|\bASSERT", re.I)


class Server:
    """A server in a folder of its own, all of whose mail is for mailboxes here."""

    def __init__(self, program, home, isolation):
        self.program, self.home = program, home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        settings = {
            "serverName": "mx.soak.example", "listeningPorts": [f"127.0.0.1:{self.port}"], "standardMailPort": self.port,
            "internalSubmitPort": 1, "submissionPort": 2, "localDomains": [DOMAIN], "isolation": isolation,
            "users": {f"u{n}@{DOMAIN}": "*" for n in range(MAILBOXES)}, "ehloDomainVerifies": False, "enforceMemberPorts": False,
            "neverProhibit": ["127.0.0.0/8"], "resolvers": ["127.0.0.1:9"], "database": "state/mta.db", "mailQueue": "state/queue",
            "localDelivery": "maildir:state/maildir", "maximumErrorsPerSession": 1000, "queueLifetime": 86400,
            "mtaSTSCache": "state/mta-sts.cache",
        }
        if os.geteuid() == 0 and isolation != "inProcess":
            settings.update(userName="nobody", groupName="nogroup", receiverUserName="daemon")
        with open(self.at("mta.json"), "w", opener=lambda path, flags: os.open(path, flags, 0o640)) as file:
            json.dump(settings, file)
        self.log = open(self.at("log"), "ab")
        self.process, self.starts = None, 0

    def at(self, name):
        return os.path.join(self.home, name)

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--config", self.at("mta.json")], stdout=self.log, stderr=self.log, cwd=self.home)
        self.starts += 1
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"soak: the server ended at its start: see {self.at('log')}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as client:
                    if client.recv(100).startswith(b"220"):
                        return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"soak: the server does not greet: see {self.at('log')}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def unfinished(self):
        with sqlite3.connect(f"file:{self.at('state/mta.db')}?mode=ro", timeout=30, uri=True) as database:
            return database.execute("SELECT count(*) FROM parcels WHERE state IN ('waiting', 'working')").fetchone()[0]

    def mails(self):
        for mailbox in range(MAILBOXES):
            folder = self.at(f"state/maildir/{DOMAIN}/u{mailbox}/new")
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                with open(os.path.join(folder, name), "rb") as file:
                    yield mailbox, file.read()


class Broken(Exception):
    """The server said something that is no reply, or nothing for a minute."""


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.settimeout(60)
        self.buffer = b""

    def reply(self):
        """A whole reply. EOFError when the server hung up between two."""
        lines = []
        while True:
            while b"\n" not in self.buffer:
                try:
                    more = self.socket.recv(65536)
                except TimeoutError:
                    raise Broken("no answer within a minute") from None
                if not more:
                    raise EOFError
                self.buffer += more
            line, self.buffer = self.buffer.split(b"\n", 1)
            if not re.fullmatch(rb"[2-5]\d\d[ -][\x20-\x7e]*\r|[2-5]\d\d\r", line) or len(line) > 2000:
                raise Broken(f"this is no line of a reply: {line[:200]!r}")
            lines.append(line)
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)

    def send(self, data):
        self.socket.sendall(data)

    def ask(self, data):
        self.send(data)
        return self.reply()

    def close(self):
        self.socket.close()


class Soak:
    def __init__(self, options, server, mails):
        self.options, self.server, self.bases = options, server, mails
        self.lock = threading.Lock()
        self.next = 0
        self.counts = collections.Counter()
        self.faults = []
        # By the id of the 250: the digests of what was sent, and the mailboxes.
        self.promised = {}
        # The content of the session's mail, as it was before the way of sending it; with --keep each is a file under its id.
        self.here = threading.local()
        self.sent = server.at("sent")
        if options.keep:
            os.makedirs(self.sent, exist_ok=True)
        # What was sent and has no answer: its digests.
        self.unanswered = collections.Counter()
        self.turn = threading.Condition()
        self.is_up, self.running, self.ended = True, 0, False

    def fault(self, text):
        with self.lock:
            self.faults.append(text)

    # A kill waits for no session; a session that meets a kill is not a fault.
    def worker(self):
        while True:
            with self.lock:
                number = self.next
                if number >= self.options.sessions:
                    return
                self.next += 1
            with self.turn:
                while not self.is_up:
                    self.turn.wait()
            start = self.server.starts
            try:
                self.session(number, random.Random(f"{self.options.seed}/{number}"))
                self.count("sessions")
            except Broken as failure:
                self.fault(f"session {number}: {failure}")
            except (OSError, EOFError) as failure:
                self.count("sessions")
                self.count("sessions cut by the server")
                if self.is_up and self.server.starts == start and self.server.process.poll() is None and isinstance(failure, ConnectionRefusedError):
                    self.fault(f"session {number}: connection refused")

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number

    def session(self, number, random):
        client = Client(self.server.port)
        try:
            code, _ = client.reply()
            if code != 220:
                return self.count("turned away")
            if random.random() < 0.15:
                self.chatter(client, random)
            client.ask(random.choice((b"EHLO [127.0.0.1]\r\n", b"EHLO soak.client.example\r\n", b"HELO soak.client.example\r\n")))
            for _ in range(random.choice((1, 1, 1, 2, 4))):
                if random.random() < 0.25:
                    self.chatter(client, random)
                    client.ask(b"RSET\r\n")
                self.mail(client, random)
            if random.random() < 0.7:
                client.ask(b"QUIT\r\n")
        finally:
            client.close()

    def chatter(self, client, random):
        """Broken commands, and NOOP until its answer is the last one."""
        noise = [hostility.command(random) for _ in range(random.randrange(1, 8))]
        # What would begin a content or another protocol is sent where nothing can be taken for it.
        noise = [line for line in noise if not re.match(rb"(?i)\s*(DATA|STARTTLS\s*$|QUIT|AUTH)", line)]
        client.send(b"".join(noise))
        self.count("hostile commands", len(noise))
        client.send(b"\r\nRSET\r\nNOOP end\r\n")
        # The answers are as many as the server took lines for: all are read, until a pause.
        client.socket.settimeout(1.5)
        try:
            while True:
                client.reply()
        except Broken as failure:
            if "no answer" not in str(failure):
                raise
        finally:
            client.socket.settimeout(60)

    def mail(self, client, random):
        base = random.choice(self.bases)
        content = hostility.mutated(base, random, self.bases)
        self.here.content = content
        boxes = sorted(random.sample(range(MAILBOXES), random.choice((1, 1, 1, 2, 3))))
        sender = random.choice((b"<spam@client.example>", b"<>", b"<a@[127.0.0.1]>", b'<"odd \\" one"@client.example>', b"<x" + b"y" * 60 + b"@client.example>"))
        way = random.choices(("data", "chunks", "raw", "cut", "drip"), (50, 25, 12, 8, 5))[0]
        body = b" BODY=BINARYMIME" if way == "chunks" and random.random() < 0.5 else b""
        commands = [b"MAIL FROM:" + sender + body + b"\r\n"] + [b"RCPT TO:<u%d@soak.example>\r\n" % box for box in boxes]
        taken = []
        code, _ = client.ask(commands[0])
        if code != 250:
            return self.refused(client)
        for box, line in zip(boxes, commands[1:]):
            if client.ask(line)[0] == 250:
                taken.append(box)
        if not taken:
            return self.refused(client)
        if way == "chunks":
            return self.chunks(client, random, content, forms(content), taken)
        if client.ask(b"DATA\r\n")[0] != 354:
            return self.refused(client)
        if way == "raw":
            # As it is, with what may end it too early: what is taken then is not known here.
            end = content.find(b"\r\n.\r\n")
            content = content if end < 0 else content[:end + 2]
            if content.startswith(b".\r\n"):
                content = b""
            wire = content
            content = re.sub(rb"(\A|\r\n)\.", rb"\1", content)
        else:
            content = hostility.lines_ended(content)
            wire = re.sub(rb"(\A|\r\n)\.", rb"\1..", content)
        if not content.endswith(b"\r\n"):
            content, wire = content + b"\r\n", wire + b"\r\n"
        if way == "cut":
            client.send(wire[:random.randrange(len(wire) + 1)][:-3])
            self.count("mails cut off")
            raise_end(client)
        self.note(forms(content), 1)
        if way == "drip" and len(wire) < 20_000:
            for at in range(0, len(wire), 97):
                client.send(wire[at:at + 97])
            client.send(b".\r\n")
        else:
            client.send(wire + b".\r\n")
        self.answered(client.reply(), forms(content), taken)

    def chunks(self, client, random, content, expected, taken):
        self.note(expected, 1)
        at, size = 0, random.choice((1 << 20, 1000, 4096, max(1, len(content) // 3)))
        size = max(size, len(content) // 50)
        while True:
            part = content[at:at + size]
            at += size
            last = at >= len(content)
            answer = client.ask(b"BDAT %d%s\r\n" % (len(part), b" LAST" if last else b"") + part)
            if last or answer[0] != 250:
                break
        self.answered(answer, expected, taken)
        if answer[0] != 250:
            client.ask(b"RSET\r\n")

    def note(self, content, number):
        with self.lock:
            self.unanswered[content] += number

    def answered(self, answer, content, taken):
        code, text = answer
        found = QUEUED.search(text)
        with self.lock:
            self.unanswered[content] -= 1
            if code != 250:
                self.counts["mails refused"] += 1
            elif not found:
                self.faults.append(f"a 250 without an id: {text[:100]!r}")
            else:
                self.counts["mails accepted"] += 1
                self.promised[found[1].decode()] = (content, taken)
                if self.options.keep:
                    with open(os.path.join(self.sent, found[1].decode()), "wb") as file:
                        file.write(self.here.content)

    def refused(self, client):
        self.count("mails refused")
        client.ask(b"RSET\r\n")

    # MARK: Kills

    def killer(self):
        generator = random.Random(f"{self.options.seed}/kills")
        for number in range(self.options.kills):
            due = self.options.sessions * (number + generator.random()) / self.options.kills
            while self.next < due:
                if self.next >= self.options.sessions:
                    return
                time.sleep(0.01)
            with self.turn:
                self.is_up = False
            self.server.kill()
            self.server.start()
            self.count("kills")
            with self.turn:
                self.is_up = True
                self.turn.notify_all()

    # MARK: The end

    def run(self):
        workers = [threading.Thread(target=self.worker, daemon=True) for _ in range(self.options.parallel)]
        killer = threading.Thread(target=self.killer, daemon=True)
        begun = told = time.monotonic()
        for thread in workers + [killer]:
            thread.start()
        while any(worker.is_alive() for worker in workers):
            time.sleep(0.2)
            if not self.options.kills and self.server.process.poll() is not None:
                self.fault(f"the server ended by itself, with {self.server.process.returncode}")
                break
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{self.counts['sessions']} of {self.options.sessions} sessions, {self.counts['mails accepted']} mails accepted, "
                      f"{self.counts['mails refused']} refused, {self.counts['kills']} kills, {len(self.faults)} faults", file=sys.stderr, flush=True)
        killer.join()
        self.seconds = time.monotonic() - begun
        end, least = time.monotonic() + 60, None
        while (rest := self.server.unfinished()) and time.monotonic() < end:
            if least is None or rest < least:
                least, end = rest, time.monotonic() + 60
            time.sleep(0.5)
        self.counts["copies that still wait"] = rest
        if self.server.process.poll() is not None and not any("ended by itself" in text for text in self.faults):
            self.fault(f"the server ended by itself, with {self.server.process.returncode}")
        else:
            self.server.process.terminate()
            if self.server.process.wait(90) != 0:
                self.fault(f"the server did not end in order: {self.server.process.returncode}")

    def judge(self):
        found = collections.Counter()
        changed = foreign = 0
        spare = +self.unanswered
        for box, text in self.server.mails():
            name, content = parted(text, self.promised)
            if name is not None:
                expected, taken = self.promised[name]
                if box not in taken:
                    foreign += 1
                elif digest(content) not in expected:
                    changed += 1
                    self.keep(name, text)
                else:
                    found[name, box] += 1
            elif not any(digest(content) in expected for expected in spare):
                foreign += 1
                self.keep(f"foreign-{foreign}", text)
        lost = sum(1 for name, (_, taken) in self.promised.items() for box in taken if not found[name, box])
        doubled = sum(number - 1 for number in found.values() if number > 1)
        with open(self.server.at("log"), "rb") as log:
            alarms = [line.decode(errors="replace").strip() for line in log if ALARM.search(line)]
        self.faults += alarms[:100]
        return {
            "sessions": self.counts["sessions"], "seconds": round(self.seconds, 1), "seed": self.options.seed, "bases": len(self.bases),
            "kills": self.counts["kills"], "accepted": self.counts["mails accepted"], "refused": self.counts["mails refused"],
            "cut": self.counts["mails cut off"], "hostileCommands": self.counts["hostile commands"],
            "copies": sum(len(taken) for _, taken in self.promised.values()), "delivered": sum(found.values()),
            "unanswered": sum(spare.values()), "waiting": self.counts["copies that still wait"], "faults": len(self.faults), "lost": lost,
            "changed": changed, "foreign": foreign, "doubled": doubled, "firstFaults": self.faults[:20],
        }

    def keep(self, name, text):
        with open(self.server.at(f"odd-{name}"), "wb") as file:
            file.write(text)


def raise_end(client):
    client.close()
    raise EOFError


def digest(content):
    """Of a content as the receiver gives it on: a blank line in front parts one that has no header from ours."""
    return hashlib.sha256(re.sub(rb"\A\r?\n", b"", content)).digest()


def forms(content):
    """The digests of what a Maildir may have of it: with LF line ends, or byte for byte if it is no text."""
    return frozenset(digest(text) for text in (content, content.replace(b"\r\n", b"\n")))


def parted(text, promised):
    """The id in the Received field that the server added, if it was promised, and what follows that field."""
    match = re.search(rb"^Received: from [^\n]*\n(?:[ \t][^\n]*\n)*?[ \t]by mx\.soak\.example with \w+ id ([0-9A-Za-z-]+)[^\n]*\n(?:[ \t][^\n]*\n)*?[ \t][A-Z][a-z]{2}, [^\n]*\n", text, re.M)
    if not match:
        return None, text
    name = match[1].decode()
    return name if name in promised else None, text[match.end():]


def main():
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--server", required=True)
    parser.add_argument("--corpus", action="append", default=[])
    parser.add_argument("--cases")
    parser.add_argument("--sessions", type=int, default=23_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=12)
    parser.add_argument("--isolation", default="inProcess")
    parser.add_argument("--disk")
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    mails = [mail for folder in options.corpus for mail in hostility.corpus(folder)]
    if options.cases:
        mails += hostility.cases(options.cases)
    if not mails:
        parser.error("no mails: name a folder of a corpus (--corpus) or of cases (--cases)")
    if options.kills and options.isolation != "inProcess":
        parser.error("--kills is for one process; Scripts/try-processes kills single roles of several")
    home = tempfile.mkdtemp(prefix="mta-soak.", dir=options.disk)
    os.chmod(home, 0o755)
    server = Server(os.path.abspath(options.server), home, options.isolation)
    soak = Soak(options, server, mails)
    server.start()
    try:
        soak.run()
        report = soak.judge()
    finally:
        if server.process.poll() is None:
            server.kill()
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        with open(options.json, "w") as file:
            file.write(text + "\n")
    bad = [name for name in ("faults", "lost", "changed", "foreign", "waiting") if report[name]]
    if report["doubled"] and not options.kills:
        bad.append("doubled")
    if report["sessions"] < options.sessions:
        bad.append("sessions")
    if options.keep or bad:
        print(f"soak: the folder with settings, log and mail is {home}", file=sys.stderr)
    else:
        shutil.rmtree(home)
    print("soak: " + ("FAILED: " + ", ".join(bad) if bad else "no faults, nothing lost, no byte changed"), file=sys.stderr)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
