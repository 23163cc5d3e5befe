"""The list of cases, and the servers that they share."""

import contextlib
import os
import shutil
import threading

import stage
from wire import Client, check

CASES = []
# Played one after the other behind those, each with a server of its own, because they measure.
ALONE = []
# Played alone, after all others: they end a server.
LAST = []


class Case:
    def __init__(self, group, name, body, slow):
        self.group, self.name, self.body, self.slow = group, name, body, slow


def case(group, name, slow=0, last=False, alone=False):
    """What the body returns is shown behind the name."""
    def register(body):
        (LAST if last else ALONE if alone else CASES).append(Case(group, name, body, slow))
        return body
    return register


def dialogue(group, name, *steps, port="standard"):
    """A case that is a list of (line, pattern) behind EHLO; bytes are sent as they are."""
    @case(group, name)
    def body(servers):
        with Client(getattr(servers.plain, port)) as client:
            client.ehlo()
            for say, *patterns in steps:
                client.send(say) if isinstance(say, bytes) else client.line(say)
                client.expect(*patterns)
            client.alive()


class Servers:
    """Started when first used. `plain` never locks out and asks no DNS about EHLO; `tight` has small limits, short
    times, all checks; `quiet` keeps no log, for floods."""

    def __init__(self, program, folder, release=False):
        self.program, self.folder, self.release = program, folder, release
        self.zone = stage.Zone()
        self.lock = threading.Lock()
        self.made = {}

    def server(self, name, **settings):
        with self.lock:
            if name not in self.made:
                self.made[name] = stage.Server(self.program, self.folder, name, self.zone, **settings)
            return self.made[name]

    @contextlib.contextmanager
    def alone(self, name, **settings):
        """A server for one case; it must end in good order, and leaves nothing behind."""
        server = stage.Server(self.program, self.folder, name, self.zone, **settings)
        try:
            yield server
            seconds, status = server.stop(40)
            check(status == 0, f"the server ended with status {status} after {seconds:.0f} s")
        finally:
            server.stop(1)
            shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)

    def running(self):
        return list(self.made.values())

    @property
    def plain(self):
        return self.server("plain", ehloDomainVerifies=False, neverProhibit=["127.0.0.0/8"])

    @property
    def tight(self):
        return self.server(
            "tight", receiverTimeout=4, maximumMessageBytes=20_000, maximumRecipients=3, maximumConnectionsPerAddress=5,
            maximumErrorsPerSession=4, maximumCommandsWithoutMail=20, maximumReceivedFields=10, prohibitedSeconds=8, logReceiverConversation=False)

    @property
    def quiet(self):
        return self.server("quiet", receiverTimeout=2, logReceiverConversation=False, neverProhibit=["127.0.0.0/8"])
