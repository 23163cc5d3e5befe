"""A server in a folder of its own, its next hop, the clients that load it, and what became of each mail."""

import collections
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import mails

HERE = os.path.dirname(os.path.abspath(__file__))


class Server:
    """ExampleServer, started again and again in one folder."""

    def __init__(self, binary, folder, environment=None):
        self.binary, self.folder, self.environment = binary, folder, environment
        self.sink = subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "sink.py"), self.at("tally"), self.at("defer")],
            stdout=subprocess.PIPE)
        sink_port = int(self.sink.stdout.readline())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = self.at("server")
        os.makedirs(self.home, exist_ok=True)
        settings = {
            "serverName": "mx.crash.example", "listeningPorts": [f"127.0.0.1:{self.port}"], "isolation": "inProcess",
            "localDomains": [mails.LOCAL], "users": {f"u{n}@{mails.LOCAL}": "*" for n in range(mails.MAILBOXES)},
            "internalSubmitPort": self.port, "enforceMemberPorts": False, "ehloDomainVerifies": False,
            "neverProhibit": ["127.0.0.0/8"], "resolvers": ["127.0.0.1:9"], "smarthost": f"127.0.0.1:{sink_port}",
            "retrySchedule": [1, 2], "localDelivery": "maildir:maildir", "database": "state/mta.db",
        }
        with open(self.at("server/mta.json"), "w") as file:
            json.dump(settings, file)
        self.log = open(self.at("log"), "ab")
        self.process = None
        self.restarts = []

    def at(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        """Starts it and waits for its greeting; notes how long that took."""
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [self.binary, "serve", "--config", os.path.join(self.home, "mta.json")], stdout=self.log, stderr=self.log,
            cwd=self.home, env={**os.environ, **(self.environment or {})})
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                    if connection.recv(100).startswith(b"220"):
                        break
            except OSError:
                pass
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended by itself: see {self.at('log')}")
            if time.monotonic() - begun > 60:
                raise SystemExit(f"the server does not greet: see {self.at('log')}")
            time.sleep(0.002)
        self.restarts.append(time.monotonic() - begun)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def query(self, sql, write=False):
        path = os.path.join(self.home, "state/mta.db")
        with sqlite3.connect(path if write else f"file:{path}?mode=ro", timeout=10, uri=not write) as database:
            return database.execute(sql).fetchall()

    def drain(self, seconds=60):
        """Waits until every parcel is final, as long as some become so within `seconds`; how many are not."""
        least, end = None, 0
        while True:
            rest = self.query("SELECT count(*) FROM parcels WHERE state IN ('waiting', 'working')")[0][0]
            if least is None or rest < least:
                least, end = rest, time.monotonic() + seconds
            if rest == 0 or time.monotonic() > end:
                return rest
            time.sleep(0.5)

    def end(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.sink.kill()
        self.sink.wait()


class Load:
    """Sessions that send mail after mail, and note what they were promised. No mail is ever sent twice."""

    def __init__(self, port, sessions):
        self.port = port
        self.lock = threading.Lock()
        self.next = 0
        self.accepted, self.uncertain, self.refused = set(), set(), set()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(sessions)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def run(self):
        while not self.stopping.is_set():
            try:
                with Client(self.port) as client:
                    for _ in range(random.randrange(1, 40)):
                        if self.stopping.is_set():
                            break
                        self.send(client)
            except (OSError, EOFError):
                time.sleep(0.01)

    def send(self, client, recipients=None):
        with self.lock:
            number = self.next
            self.next += 1
        recipients = recipients or mails.recipients(number)
        if not client.announce(recipients):
            self.refused.add(number)
            return
        with self.lock:
            self.uncertain.add(number)
        code = client.content(mails.content(number))
        with self.lock:
            self.uncertain.discard(number)
            (self.accepted if code == b"250" else self.refused).add(number)
        if code == b"421":
            raise EOFError


class Client:
    """One SMTP session."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = self.socket.makefile("rb")

    def __enter__(self):
        self.reply()
        self.socket.sendall(b"EHLO client.example\r\n")
        self.reply()
        return self

    def __exit__(self, *_):
        self.input.close()
        self.socket.close()

    def reply(self):
        while True:
            line = self.input.readline()
            if not line.endswith(b"\n"):
                raise EOFError
            if line[3:4] == b" ":
                return line[:3]

    def announce(self, recipients):
        lines = ["MAIL FROM:<sender@client.example>"] + [f"RCPT TO:<{to}>" for to in recipients] + ["DATA"]
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())
        codes = [self.reply() for _ in lines]
        if codes[-1] == b"354" and codes[1:-1] != [b"250"] * len(recipients):
            raise SystemExit(f"a recipient was refused: {codes}")
        if codes[-1] != b"354" and codes[-1][:1] != b"4" and codes[0][:1] != b"4":
            raise SystemExit(f"the server does not take mail: {codes}")
        return codes[-1] == b"354"

    def content(self, text):
        self.socket.sendall(text + b".\r\n")
        return self.reply()


class Outcome:
    """What was delivered, against what was promised."""

    def __init__(self, server, load, recipients=mails.recipients):
        copies = collections.Counter()
        self.bad = 0
        for number, recipient, whole in self.delivered(server):
            if not whole:
                self.bad += 1
            else:
                copies[number, recipient] += 1
        self.copies = sum(copies.values())
        self.lost = [(n, to) for n in sorted(load.accepted) for to in recipients(n) if copies[n, to] == 0]
        extra = {pair: count - 1 for pair, count in copies.items() if count > 1}
        self.duplicates = sum(extra.values())
        self.local_duplicates = sum(count for (_, to), count in extra.items() if to.endswith("@" + mails.LOCAL))
        known = load.accepted | load.uncertain
        self.strange = [pair for pair in copies if pair[0] not in known or pair[1] not in recipients(pair[0])]
        # What was sent but not answered may have been accepted or not: all of its recipients get it, or none.
        self.halves = [n for n in load.uncertain if len({copies[n, to] > 0 for to in recipients(n)}) > 1]
        self.kept_unanswered = sum(1 for n in load.uncertain if copies[n, recipients(n)[0]] > 0)

    @staticmethod
    def delivered(server):
        with open(server.at("tally")) as tally:
            for line in tally:
                number, recipient, whole = line.split()
                yield int(number), recipient, whole == "whole"
        root = os.path.join(server.home, "maildir", mails.LOCAL)
        for mailbox in os.listdir(root) if os.path.isdir(root) else []:
            folder = os.path.join(root, mailbox, "new")
            for name in os.listdir(folder) if os.path.isdir(folder) else []:
                with open(os.path.join(folder, name), "rb") as file:
                    number, whole = mails.judge(file.read().replace(b"\n", b"\r\n"))
                yield -1 if number is None else number, f"{mailbox}@{mails.LOCAL}", whole

    @property
    def is_good(self):
        # What is filed in a Maildir is filed once; what a server took and nobody recorded is sent again.
        return not (self.lost or self.bad or self.halves or self.strange or self.local_duplicates)

    def lines(self, load):
        accepted = len(load.accepted)
        yield f"accepted     {accepted}"
        yield f"unanswered   {len(load.uncertain)}, of which {self.kept_unanswered} were delivered"
        yield f"deferred     {len(load.refused)} by 4yz"
        yield f"delivered    {self.copies} copies"
        yield f"lost         {len(self.lost)}" + (f" {self.lost[:5]}" if self.lost else "")
        yield (f"duplicated   {self.duplicates} copies, {100 * self.duplicates / max(1, self.copies):.2f} %: "
               f"{self.local_duplicates} in Maildirs, {self.duplicates - self.local_duplicates} at the next hop")
        yield f"half         {len(self.halves)}"
        yield f"corrupt      {self.bad}"
        yield f"unpromised   {len(self.strange)}" + (f" {self.strange[:5]}" if self.strange else "")
