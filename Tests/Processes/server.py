"""A server of several processes in a folder of its own: its settings, its processes and their roles, its log and its Maildirs."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time

import mails
import proc
import wire

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HASH = "$5$BsHk6IIvndgdBmo9$iuO6WMaXzgzpGmGreV4uiH72VRGG1USNK/e5tL7P9jC"  # my-password
GRACE = 10


def free_port():
    """One that the system gives to no client: a client of a server that is away must not meet itself."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Failure(Exception):
    """The part cannot go on."""


class Server:
    running = []

    def __init__(self, options, folder, isolation, encrypted=False, **settings):
        self.home, self.isolation = folder, isolation
        self.port = free_port()
        for name in ["", "queue", "maildir"]:
            os.makedirs(self.at(name), exist_ok=True)
            os.chmod(self.at(name), 0o755)
        # The program by which it is started is its own: the part on upgrades replaces it, and no other server shares its pages.
        self.program = self.at("program")
        shutil.copy(options.server, self.program)
        values = {
            "serverName": "mx.processes.example", "listeningPorts": [f"127.0.0.1:{self.port}"], "standardMailPort": self.port,
            "isolation": isolation, "localDomains": [mails.DOMAIN], "enforceMemberPorts": False, "ehloDomainVerifies": False,
            "users": {mails.recipient(number): HASH for number in range(mails.MAILBOXES)}, "mtaSTS": False,
            "neverProhibit": ["127.0.0.0/8"], "resolvers": ["127.0.0.1:9"], "retrySchedule": [1, 2], "shutdownGrace": GRACE,
            "maximumConnections": 20_000, "maximumConnectionsPerAddress": 20_000, "database": "queue/mta.db",
            "localDelivery": "maildir:maildir", "logFile": "log", "logRotation": "none",
        }
        if isolation != "inProcess":
            values.update(userName=options.user, groupName=options.group, receiverUserName=options.receiver_user)
            for name in ["queue", "maildir"]:
                shutil.chown(self.at(name), options.user, options.group)
        if encrypted:
            values.update(certificate="cert.pem", privateKey="key.pem")
            self.write_certificate()
        values.update(settings)
        self.write("mta.json", json.dumps(values, indent=1))
        self.process, self.master, self.known = None, None, {}

    def at(self, name):
        return os.path.join(self.home, name)

    def write(self, name, text):
        """For root alone: it may hold secrets."""
        with os.fdopen(os.open(self.at(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)

    def write_certificate(self):
        with open(os.path.join(ROOT, "Sources/MTATestSupport/TestCertificate.swift")) as file:
            blocks = re.findall(r'"""\n(.*?)"""', file.read(), re.S)
        for name, is_key in [("cert.pem", False), ("key.pem", True)]:
            block = next(block for block in blocks if ("PRIVATE KEY" in block) == is_key)
            self.write(name, "".join(line.strip() + "\n" for line in block.strip().splitlines()))

    # Life

    def start(self):
        """Returns when it greets."""
        with open(self.at("output"), "ab") as output:
            # A session of its own: ^C at the terminal is ours, and what we do then is to end it.
            self.process = subprocess.Popen(
                [self.program, "serve", "--config", self.at("mta.json")], cwd=self.home, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True)
        self.master, self.known = self.process.pid, {}
        Server.running.append(self)
        self.wait("the server greets", self.greets)
        self.wait("every role is there", lambda: self.is_complete)
        return self

    def wait(self, what, condition, seconds=60, pause=0.02):
        """Until it holds: what it returns then. The server must not end meanwhile."""
        end = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if self.process.poll() is not None:
                last = (self.log() + proc.read(self.at("output")))[-1000:]
                raise Failure(f"the server ended with {self.process.returncode}, before {what}: {last}")
            if time.monotonic() > end:
                raise Failure(f"not within {seconds} s: {what}")
            time.sleep(pause)

    def greets(self):
        try:
            with wire.Session(self.port, timeout=5) as session:
                session.greeting()
                return True
        except wire.Trouble:
            return False

    def signal(self, number):
        os.kill(self.master, number)

    def stop(self, patience=GRACE + 20):
        """SIGTERM, and its exit code; None if it had to be killed. Nothing is left of it."""
        if self.process is None:
            return None
        tree = {pid: proc.started(pid) for pid in self.processes()}
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        self.end(tree)
        return code

    def end(self, tree):
        """Ends what its master has left behind: processes by their pids and starts."""
        limit = time.monotonic() + 5
        while time.monotonic() < limit and any(proc.started(pid) == since for pid, since in tree.items() if since):
            time.sleep(0.05)
        for pid, since in tree.items():
            if since and proc.started(pid) == since:
                os.kill(pid, signal.SIGKILL)
        self.process = None
        Server.running.remove(self)

    def leave(self):
        """After the end of the master: what else runs the program five seconds later. It is ended."""
        limit = time.monotonic() + 5
        while proc.with_program(self.program) and time.monotonic() < limit:
            time.sleep(0.05)
        left = {pid: proc.started(pid) for pid in proc.with_program(self.program)}
        self.end(left)
        return list(left)

    @classmethod
    def stop_all(cls):
        for server in list(cls.running):
            server.stop(3)

    # Processes

    def processes(self):
        return [self.master] + proc.descendants(self.master) if proc.stat(self.master) else []

    def roles(self):
        """pid → role of the children. A log line names the process, but not each writes one; so what it has open tells: the queue process
        has the database, and a receiver, or the acceptor of processPerConnection, the listening socket. What has a client's socket alone is
        one of its sessions."""
        found = {}
        for pid in proc.descendants(self.master):
            since = proc.started(pid)
            role = self.known.get((pid, since)) or self.role(pid)
            if role and since:
                self.known[pid, since] = found[pid] = role
        return found

    def role(self, pid):
        files = proc.opened(pid)
        if self.at("mta.lock") in files:
            return None  # it has the master's descriptors still, for its program does not run yet
        if self.at("queue/mta.db") in files:
            return "queue"
        listening, peers = proc.sockets(self.port)
        has = {int(name[8:-1]) for name in files if name.startswith("socket:[")}
        is_single = self.isolation.startswith("processPerConnection")
        if listening in has:
            return "acceptor" if is_single else "receiver"
        if has & set(peers):
            return "session" if is_single else "receiver"
        return None

    @property
    def wanted(self):
        """How many of each role there must be."""
        if self.isolation == "inProcess":
            return {}
        if self.isolation.startswith("processPerConnection"):
            return {"queue": 1, "acceptor": 1}
        return {"queue": 1, "receiver": int((self.isolation.split(":") + ["2"])[1])}

    @property
    def is_complete(self):
        roles = list(self.roles().values())
        return all(roles.count(role) >= count for role, count in self.wanted.items())

    def clients_of(self, pid):
        """The ports of the clients whose connections this process has."""
        peers = proc.sockets(self.port)[1]
        return {peers[inode] for inode in (int(name[8:-1]) for name in proc.opened(pid) if name.startswith("socket:[")) if inode in peers}

    # Log and mail

    def log(self, start=0):
        """Text, from an octet on."""
        try:
            with open(self.at("log"), "rb") as file:
                file.seek(start)
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def log_size(self):
        return os.path.getsize(self.at("log"))

    def faults(self, start=0):
        """Messages of severity error and critical, without fields."""
        found = re.findall(r"\[(?:error|critical)\] ([^=\n]*?)(?: [\w-]+=|\n)", self.log(start))
        return {text: found.count(text) for text in dict.fromkeys(found)}

    def delivered(self):
        return mails.files(self.at("maildir"))

    def drain(self, seconds=60):
        """Waits until all is delivered, as long as something is delivered within `seconds`; how much is not."""
        least, end = None, 0
        while True:
            rest = mails.waiting(self.at("queue/mta.db"))
            if least is None or rest < least:
                least, end = rest, time.monotonic() + seconds
            if rest == 0 or time.monotonic() > end:
                return rest
            time.sleep(0.2)
