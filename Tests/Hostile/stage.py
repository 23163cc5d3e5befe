"""What the cases play on: a DNS of their own, and servers with settings in a temporary folder."""

import json
import os
import re
import socket
import sqlite3
import struct
import subprocess
import threading
import time

HASH = "$5$BsHk6IIvndgdBmo9$iuO6WMaXzgzpGmGreV4uiH72VRGG1USNK/e5tL7P9jC"  # my-password
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Zone(threading.Thread):
    """A name server on loopback: `*.example` has an address, `nullmx.example` takes no mail, `broken.example` answers
    SERVFAIL, everything else does not exist."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.start()

    def run(self):
        while True:
            query, peer = self.sock.recvfrom(4096)
            try:
                self.sock.sendto(self.answer(query), peer)
            except (IndexError, struct.error):
                pass

    @staticmethod
    def answer(query):
        labels, index = [], 12
        while query[index]:
            labels.append(query[index + 1:index + 1 + query[index]].decode("latin-1").lower())
            index += 1 + query[index]
        question = query[12:index + 5]
        kind = struct.unpack(">H", query[index + 1:index + 3])[0]
        name = ".".join(labels)
        code, record = 0, b""
        if name == "broken.example":
            code = 2
        elif not name.endswith(".example") or name.startswith("nowhere"):
            code = 3
        elif kind == 15 and name == "nullmx.example":
            record = b"\xc0\x0c" + struct.pack(">HHIHH", 15, 1, 60, 3, 0) + b"\0"
        elif kind == 1 and name != "nullmx.example":
            record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 1])
        header = query[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, 1 if record else 0, 0, 0)
        return header + question + record


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Server:
    """An ExampleServer with settings of its own; its queue is read as any program with sqlite3 would."""

    def __init__(self, program, folder, name, zone, **settings):
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.standard, self.internal, self.submission, self.smtps = free_ports(4)
        self.write_certificate()
        values = {
            "serverName": "mx.test.example",
            "listeningPorts": [f"127.0.0.1:{p}" for p in (self.standard, self.internal, self.submission, self.smtps)],
            "standardMailPort": self.standard, "internalSubmitPort": self.internal,
            "submissionPort": self.submission, "implicitTLSPorts": [self.smtps],
            "localDomains": ["test.example"], "postmasterName": "postmaster@test.example",
            "users": {"coco@test.example": HASH, "mike@test.example": HASH, "nologin@test.example": "*"},
            "certificate": "cert.pem", "privateKey": "key.pem", "isolation": "inProcess", "queueRunner": "off",
            "resolvers": [f"127.0.0.1:{zone.port}"], "trustedNetworks": ["127.0.0.1/32"],
            "logReceiverConversation": True, "logFile": "log", "receiverTimeout": 30,
        }
        values.update(settings)
        config = os.path.join(self.folder, "mta.json")
        with open(config, "w") as file:
            json.dump(values, file, indent=1)
        self.told = False
        self.errors = open(os.path.join(self.folder, "stderr"), "wb")
        self.process = subprocess.Popen([program, "serve", "--config", config], stderr=self.errors, stdout=self.errors)
        deadline = time.monotonic() + 20
        while self.log().count("listening on") < 4:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server did not start: {self.log()}{open(self.errors.name).read()}")
            time.sleep(0.05)

    def write_certificate(self):
        with open(os.path.join(ROOT, "Sources/MTATestSupport/TestCertificate.swift")) as file:
            blocks = re.findall(r'"""\n(.*?)"""', file.read(), re.S)
        for block in blocks:
            name = "key.pem" if "PRIVATE KEY" in block else "cert.pem"
            path = os.path.join(self.folder, name)
            # A key that others can read is refused.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write("".join(line.strip() + "\n" for line in block.strip().splitlines()))

    def log(self):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def terminate(self):
        """SIGTERM, once: a second one would end the server at once."""
        self.told = True
        self.process.terminate()

    def stop(self, patience=20):
        """SIGTERM; the seconds until the end and the exit status, None for a server that had to be killed."""
        begin = time.monotonic()
        if self.process.poll() is None and not self.told:
            self.terminate()
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = None
        self.errors.close()
        return time.monotonic() - begin, status

    def memory(self):
        """Resident KiB."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

    def query(self, sql, *values):
        database = sqlite3.connect(f"file:{self.folder}/mta.db?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(sql, values).fetchall()
        finally:
            database.close()

    def mails(self, mark):
        """(trace, content, recipients) of the mails whose content holds the mark."""
        rows = self.query("SELECT id, trace, content, content_file FROM messages")
        found = []
        for identifier, trace, content, name in rows:
            if content is None and name:
                for top, _, files in os.walk(os.path.join(self.folder, "queue")):
                    if os.path.basename(name) in files:
                        with open(os.path.join(top, os.path.basename(name)), "rb") as file:
                            content = file.read()
            if content is not None and mark.encode() in bytes(content):
                to = [row[0] for row in self.query('SELECT "to" FROM parcels WHERE mail_id = ?', identifier)]
                found.append((bytes(trace or b""), bytes(content), to))
        return found

    def contact(self, address):
        """hits, locks, violations of an address; contact writes may take a second."""
        rows = self.query("SELECT hits, locks, violations FROM contacts WHERE remote_ip = ?", address)
        return rows[0] if rows else None

    def await_contact(self, address, expected, seconds=5):
        deadline = time.monotonic() + seconds
        while True:
            found = self.contact(address)
            if found == expected or time.monotonic() > deadline:
                return found
            time.sleep(0.1)
