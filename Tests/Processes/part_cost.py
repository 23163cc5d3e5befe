"""What several processes cost in processor time and in rate, against one, in one run."""

import os
import resource
import subprocess
import time

import mails
import proc
from report import middle, say
from server import Failure, Server

NAME = "cost"
SESSIONS, OCTETS = 16, 1024
PROCESSOR, RATE = 1.35, 0.9
WAYS = {"many mails a connection": ["-d"], "one mail a connection": []}


def run(report, options, folder):
    if options.isolation == "inProcess":
        return report.skip(NAME, "inProcess is what others are compared with")
    kind = proc.file_system(options.disk)
    report.hold(NAME, "the queue is on a disk", f"{options.disk}: {kind}", "no tmpfs", kind not in ("tmpfs", "ramfs"))
    servers = {isolation: Server(options, os.path.join(folder, isolation.replace(":", "-")), isolation, queueRunner="off").start()
               for isolation in ("inProcess", options.isolation)}
    for way, more in WAYS.items():
        found = {isolation: [] for isolation in servers}
        for isolation, server in servers.items():
            measure(server, max(200, options.mails // 10), more)
        for turn in range(options.rounds):
            for isolation, server in servers.items():
                one = measure(server, options.mails, more)
                found[isolation].append(one)
                say(f"{NAME}: {way}, {turn + 1} of {options.rounds}, {isolation}: {one.rate:.0f} mails a second, "
                    f"{one.processor:.2f} s of processor time for 1,000, the generator busy for {100 * one.busy:.0f} %")
        tell(report, options, way, found["inProcess"], found[options.isolation])
    for server in servers.values():
        server.stop()


class Figure:
    def __init__(self, count, wall, processor, busy):
        self.rate, self.processor, self.busy = count / wall, 1000 * processor / count, busy


def measure(server, count, more):
    program = next((path for path in ("/usr/sbin/smtp-source", "/usr/bin/smtp-source") if os.path.exists(path)), "smtp-source")
    command = [program, "-s", str(SESSIONS), "-m", str(count), "-l", str(OCTETS), "-C", "10", "-M", "client.example",
               "-f", "sender@client.example", "-t", mails.recipient(0), *more, f"inet:127.0.0.1:{server.port}"]
    before, own = quiet(server), generator()
    begun = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"smtp-source (Debian: postfix): {error}") from error
    wall = time.monotonic() - begun
    if done.returncode != 0:
        raise Failure(f"smtp-source: {done.stderr.decode(errors='replace')[:300]}")
    return Figure(count, wall, quiet(server) - before, (generator() - own) / wall)


def generator():
    """Seconds that awaited children of ours have used. The servers are awaited at the end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def quiet(server):
    """Processor time, once the server has come to rest."""
    end, last = time.monotonic() + 10, -1.0
    while True:
        now = proc.processor_time(server.processes())
        if now - last < 0.005 or time.monotonic() > end:
            return now
        last = now
        time.sleep(0.2)


def tell(report, options, way, one, several):
    processor = middle([b.processor / a.processor for a, b in zip(one, several)])
    rate = middle([b.rate / a.rate for a, b in zip(one, several)])
    for name, figures in (("inProcess", one), (options.isolation, several)):
        used = [figure.processor for figure in figures]
        rates = [figure.rate for figure in figures]
        report.tell(NAME, f"{way}, {name}: s for 1,000 mails", f"{middle(used):.2f} ({min(used):.2f} to {max(used):.2f})")
        report.tell(NAME, f"{way}, {name}: mails a second", f"{middle(rates):.0f} ({min(rates):.0f} to {max(rates):.0f})")
    busy = max(figure.busy for figure in one + several)
    report.hold(NAME, f"{way}: the generator was busy", f"{100 * busy:.0f} %", "at most 80 %", busy <= 0.8)
    if options.isolation.startswith("workers"):
        report.hold(NAME, f"{way}: processor time", f"{processor:.2f} x", f"at most {PROCESSOR} x", processor <= PROCESSOR)
        report.hold(NAME, f"{way}: rate", f"{rate:.2f} x", f"at least {RATE} x", rate >= RATE)
    else:
        report.tell(NAME, f"{way}: processor time, rate", f"{processor:.2f} x, {rate:.2f} x")
