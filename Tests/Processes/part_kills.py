"""kill -9 of each role in turn under load."""

import collections
import os
import random
import re
import signal
import threading
import time

import loads
import mails
import proc
import wire
from report import milliseconds, middle, say
from server import Failure, Server

NAME = "kills"
# From the third end of a role within five seconds on, the next start waits.
WINDOW = 5.5
ROLES = {"workers": ["queue", "receiver"], "processPerConnection": ["queue", "acceptor", "session"]}


def run(report, options, folder):
    roles = ROLES.get(options.isolation.split(":")[0])
    if not roles:
        return report.skip(NAME, "inProcess has no roles")
    server = Server(options, folder, options.isolation).start()
    load = loads.Load(loads.without_pause, server.port, "kills", 8)
    kills, diary = [], wire.Diary()
    for turn in range(options.kills):
        for role in roles:
            kills.append(Kill(server, role, [kill for kill in kills if kill.role == role], len(kills), diary))
        if turn % 10 == 9:
            say(f"{NAME}: each role killed {turn + 1} times")
    met = load.stop(120)
    say(f"{NAME}: {len(met.accepted)} mails accepted, {len(met.uncertain)} without an answer")
    ledger = mails.Ledger()
    for one in (met, diary):
        ledger.add(one.accepted, one.uncertain)
    report.none(NAME, "undelivered", server.drain())
    code = server.stop()
    ledger.compare(report, NAME, server)
    tell(report, server, roles, kills, met)
    report.hold(NAME, "exit code after SIGTERM", code, "0", code == 0)


class Kill:
    """One of them, with what it cost: seconds until there is another process of the role, until the greeting of a new connection, and until
    that connection has its 250."""

    def __init__(self, server, role, before, number, diary):
        self.role, self.number, self.diary = role, number, diary
        if len(before) >= 2:
            time.sleep(max(0, before[-2].moment + WINDOW - time.monotonic()))
        time.sleep(random.uniform(0, 0.2))
        server.wait("every role is there", lambda: server.is_complete, pause=0.05)
        victim, old = server.wait(f"there is a {role}", lambda: self.choose(server), pause=0.001)
        # Stopped, so that its connections are those that it has when it is killed.
        os.kill(victim, signal.SIGSTOP)
        server.wait("it is stopped", lambda: proc.stat(victim)[:1] in (["T"], []), pause=0)
        self.ports = server.clients_of(victim)
        self.moment = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        self.greeting = self.answer = self.trouble = self.restart = None
        probe = threading.Thread(target=self.probe, args=(server.port,), daemon=True)
        probe.start()
        while self.restart is None:
            if time.monotonic() - self.moment > 60:
                raise Failure(f"no other {role} within a minute")
            if any(pid not in old and one == role for pid, one in server.roles().items()):
                self.restart = time.monotonic() - self.moment
            time.sleep(0.002)
        probe.join()

    def choose(self, server):
        """A process of the role, and all that are there."""
        roles = server.roles()
        mine = [pid for pid, role in roles.items() if role == self.role]
        return (random.choice(mine), set(roles)) if mine else None

    def probe(self, port):
        try:
            with wire.Session(port, timeout=30) as session:
                session.greeting()
                self.greeting = time.monotonic() - self.moment
                session.say("EHLO client.example", "250")
                session.mail(f"probe.{self.number}-{mails.SMALL}", 0, self.diary)
                self.answer = time.monotonic() - self.moment
                session.quit()
        except wire.Trouble as trouble:
            self.trouble = trouble


def tell(report, server, roles, kills, met):
    for role in roles:
        mine = [kill for kill in kills if kill.role == role]
        report.tell(NAME, f"{role}: times killed", len(mine))
        restarts = [kill.restart for kill in mine]
        report.hold(NAME, f"{role}: until there is another", milliseconds(restarts), "median < 1 s", middle(restarts) < 1)
        found = [kill.greeting for kill in mine if kill.greeting is not None]
        report.hold(NAME, f"{role}: until a new connection is greeted", milliseconds(found), "median < 1 s", middle(found) < 1)
        report.tell(NAME, f"{role}: until it has its 250", milliseconds([kill.answer for kill in mine if kill.answer is not None]))

    def is_of_victim(moment, port):
        return any(port in kill.ports and kill.moment - 0.1 < moment < kill.moment + 10 for kill in kills)

    troubles = collections.defaultdict(list)
    for moment, kind, words, port in met.troubles:
        excused = kind in (wire.EARLY, wire.LATER) and is_of_victim(moment, port)
        troubles["of the killed" if excused else kind].append(words or kind)
    for kill in kills:
        if kill.trouble:
            troubles[kill.trouble.kind].append(f"the connection after the kill of a {kill.role}: {kill.trouble}")
    report.tell(NAME, "connections of the load", met.connections)
    report.tell(NAME, "connections that the killed process had", len(troubles["of the killed"]))
    for kind in wire.TROUBLES:
        report.none(NAME, f"other connections {kind}", troubles[kind])
    log = server.log()
    ends = re.findall(r"ended by itself, and is replaced.* end=(\"[^\"]*\"|\S+)", log)
    report.none(NAME, "processes that ended without us", [end for end in ends if end != '"signal 9"'])
    report.none(NAME, "starts that were put off", log.count("the next is started later"))
    for text, count in server.faults().items():
        say(f"{NAME}: in the log, {count} times: {text}")
