"""Memory, by the sum of PSS over all processes of a server; and what a process for each connection costs."""

import os
import subprocess
import time

import proc
import wire
from report import middle, milliseconds, say
from server import Failure, Server

NAME = "memory"
MAILS = 200
MORE, MORE_IDLE, FOR_CONNECTION, STARTS = 30, 8, 3, 3


def run(report, options, folder):
    if options.isolation == "inProcess":
        return report.skip(NAME, "inProcess is what others are compared with")
    figures = {isolation: measure(options, os.path.join(folder, isolation.replace(":", "-")), isolation)
               for isolation in ("inProcess", options.isolation)}
    one, several = figures["inProcess"], figures[options.isolation]
    report.tell(NAME, "inProcess: MiB at rest, and more for idle sessions", f"{one.rest:.1f}, {one.idle:.1f} for {one.sessions}")
    report.tell(NAME, f"{options.isolation}: the same", f"{several.rest:.1f}, {several.idle:.1f} for {several.sessions}")
    more = several.rest - one.rest
    if options.isolation.startswith("workers"):
        report.hold(NAME, "MiB at rest, more than inProcess", f"{more:.1f}", f"at most {MORE}", more <= MORE)
        more = 1000 * (several.idle / several.sessions - one.idle / one.sessions)
        report.hold(NAME, "MiB for 1,000 idle sessions, more than inProcess", f"{more:.1f}", f"at most {MORE_IDLE}", more <= MORE_IDLE)
    else:
        report.tell(NAME, "MiB at rest, more than inProcess", f"{more:.1f}")
        single(report, several)


class Figures:
    rest = idle = grown = 0.0
    sessions = 0


def measure(options, folder, isolation):
    """A server alone: what it has in common with another one would count half."""
    say(f"{NAME}: {isolation}")
    server, figures = Server(options, folder, isolation).start(), Figures()
    diary = wire.Diary()
    with wire.Session(server.port, timeout=30) as session:
        session.hello()
        for number in range(MAILS):
            session.mail(f"memory.{number}-10", number, diary)
        session.quit()
    if server.drain() != 0:
        raise Failure("mails are not delivered")
    time.sleep(2)
    figures.rest = proc.proportional_memory(server.processes())
    if isolation.startswith("processPerConnection"):
        per_connection(server, figures)
    else:
        figures.sessions = options.idle
        held = connections(server, options.idle)
        time.sleep(2)
        figures.idle = proc.proportional_memory(server.processes()) - figures.rest
        for session in held:
            session.socket.close()
    server.stop()
    return figures


def connections(server, count):
    """Sessions that have said EHLO."""
    held = []
    for _ in range(count):
        session = wire.Session(server.port, timeout=30)
        session.hello()
        held.append(session)
    return held


def per_connection(server, figures):
    command = [server.program, "version"]
    if subprocess.run(command, capture_output=True).returncode != 0:
        command = [server.program, "settings", "--help"]
    figures.command = " ".join(command[1:])
    figures.greetings, figures.starts = [], []
    for _ in range(50):
        begun = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        figures.starts.append(time.monotonic() - begun)
        with wire.Session(server.port, timeout=30) as session:
            figures.greetings.append(session.greeting())
            session.quit()
    few = connections(server, 20)
    time.sleep(2)
    before = proc.proportional_memory(server.processes())
    more = connections(server, 100)
    time.sleep(2)
    figures.sessions, figures.idle = 100, proc.proportional_memory(server.processes()) - before
    for session in few + more:
        session.socket.close()


def single(report, figures):
    report.tell(NAME, f"`{figures.command}`, from start to end", milliseconds(figures.starts))
    report.tell(NAME, "from connect to greeting", milliseconds(figures.greetings))
    ratio = middle(figures.greetings) / middle(figures.starts)
    report.hold(NAME, "greeting against start", f"{ratio:.2f} x", f"at most {STARTS} x", ratio <= STARTS)
    growth = figures.idle / figures.sessions
    report.hold(NAME, "MiB for a connection, from 20 to 120", f"{growth:.2f}", f"at most {FOR_CONNECTION}", growth <= FOR_CONNECTION)
