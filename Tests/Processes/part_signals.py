"""SIGHUP and SIGUSR2 under load, and at the end SIGTERM."""

import signal
import subprocess
import time

import loads
import mails
import wire
from report import milliseconds, say
from server import Failure, Server

NAME = "signals"
RELOADS, UPGRADES = 3, 10  # seconds between two


def run(report, options, folder):
    server = Server(options, folder, options.isolation).start()
    ledger = mails.Ledger()
    goes_on(report, options, server, ledger)
    ends(report, options, server, ledger)
    server.start()
    report.none(NAME, "undelivered", server.drain())
    code = server.stop()
    report.hold(NAME, "exit code after SIGTERM at rest", code, "0", code == 0)
    ledger.compare(report, NAME, server)
    for text, count in server.faults().items():
        say(f"{NAME}: in the log, {count} times: {text}")


def goes_on(report, options, server, ledger):
    start = server.log_size()
    planned = loads.Load(loads.planned, server.port, "signals", options.rate)
    greeted = loads.Load(loads.greetings, server.port)
    begun, sent = time.monotonic(), {signal.SIGHUP: 0, signal.SIGUSR2: 0}
    every = {signal.SIGHUP: RELOADS, **({signal.SIGUSR2: UPGRADES} if options.upgrade else {})}
    while time.monotonic() - begun < options.seconds:
        time.sleep(0.05)
        for number, pause in every.items():
            if time.monotonic() - begun > (sent[number] + 1) * pause:
                server.signal(number)
                sent[number] += 1
        if server.process.poll() is not None:
            raise Failure(f"the server ended with {server.process.returncode}")
    diaries = {"mails": planned.stop(), "greetings": greeted.stop()}
    # The last reload may still go on.
    time.sleep(1)
    report.tell(NAME, "SIGHUP, and generations that served", f"{sent[signal.SIGHUP]}, {server.log(start).count(' reloaded')}")
    if options.upgrade:
        report.tell(NAME, "SIGUSR2", sent[signal.SIGUSR2])
    for what, diary in diaries.items():
        ledger.add(diary.accepted, diary.uncertain)
        seconds = max(options.seconds, 1)
        report.tell(NAME, f"{what}: connections", f"{diary.connections}, {diary.connections / seconds:.0f} a second")
        report.tell(NAME, f"{what}: until the greeting", milliseconds(diary.greetings))
        if what == "mails":
            report.tell(NAME, f"{what}: the load was behind its plan", f"{1000 * diary.late:.0f} ms at most")
        for kind in wire.TROUBLES:
            report.none(NAME, f"{what}: {kind}", [entry[2] or kind for entry in diary.troubles if entry[1] == kind])


def ends(report, options, server, ledger):
    """SIGTERM in the middle of the same load."""
    load = loads.Load(loads.planned, server.port, "end", options.rate)
    time.sleep(3)
    moment = time.monotonic()
    server.signal(signal.SIGTERM)
    try:
        code = server.process.wait(60)
    except subprocess.TimeoutExpired as error:
        raise Failure("the server does not end under load") from error
    seconds = time.monotonic() - moment
    time.sleep(0.5)
    diary = load.stop()
    report.none(NAME, "end under load: processes left", server.leave())
    ledger.add(diary.accepted, diary.uncertain)
    report.hold(NAME, "end under load: exit code", code, "0", code == 0)
    report.tell(NAME, "end under load: seconds", f"{seconds:.2f}")
    early = [entry for entry in diary.troubles if entry[0] < moment]
    report.none(NAME, "end under load: trouble before it", [f"{entry[1]} {entry[2]}" for entry in early])
    for kind in (wire.REFUSED, wire.EARLY, wire.CLOSING):
        report.tell(NAME, f"end under load: {kind}", sum(1 for entry in diary.troubles if entry[0] >= moment and entry[1] == kind))
    for kind in (wire.LATER, wire.SILENT, wire.DEFERRED, wire.REJECTED):
        report.none(NAME, f"end under load: {kind}", [entry[2] or kind for entry in diary.troubles if entry[0] >= moment and entry[1] == kind])
