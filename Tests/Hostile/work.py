"""What a server's work costs: its processor time, all threads and the kernel for it included, for each MB that it was sent."""

import os
import re
import threading
import time

import stage
from wire import Client, Failure, check

MB = 1_000_000
# Milliseconds for an MB; and, where there is an answer to each few octets, for each of these. A debug build, without optimisation and with
# all checks, is up to a hundred times slower. It gets a few of the shapes and a fourth of the octets, and what it is held to shows no more
# than a reader that has gone astray; the growth tests are for it.
RELEASE, RELEASE_ANSWER = 50.0, 0.02
DEBUG, DEBUG_ANSWER = 10_000.0, 1.0


def shapes():
    """Name and text of each shape of Tests/MTAGrowthTests, so that both lists are one."""
    with open(os.path.join(stage.ROOT, "Tests/MTAGrowthTests/Shape.swift"), encoding="utf-8") as file:
        found = re.findall(r'^  case (\w+) = "(.*)"$', file.read(), re.M)
    escapes = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\", '"': '"'}
    unescape = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")
    texts = {name: unescape.sub(lambda m: chr(int(m[1], 16)) if m[1] else escapes[m[2]], text).encode() for name, text in found}
    check(len(texts) > 25, "Shape.swift was not understood")
    return texts


SHAPES = shapes()
# Those that can stand within a line; and those that a header section may hold, whose line ends are CR LF and go on with a blank.
WITHIN = {name: text for name, text in SHAPES.items() if b"\r" not in text and b"\n" not in text}
FIELDS = {**WITHIN, "folds": SHAPES["folds"]}
# What stands for no attack at all.
HARMLESS = SHAPES["word"]


def filled(text, octets):
    """About so many octets of it, and no piece of one."""
    return text * max(1, octets // len(text))


class Meter:
    """Rows of one case. A server of its own serves each case, and the cases come one after the other."""

    def __init__(self, server, release):
        self.server, self.rows = server, []
        self.release = release
        self.bound, self.answer = (RELEASE, RELEASE_ANSWER) if release else (DEBUG, DEBUG_ANSWER)
        # The clock of another process's processor time (clock_getcpuclockid(3)): threads that have ended are in it, too.
        self.clock = (~server.process.pid << 3) | 2

    def some(self, shapes):
        """Name and text of each; of a debug build's, of each fifth."""
        return list(shapes.items())[::1 if self.release else 5]

    def now(self):
        """Milliseconds."""
        return time.clock_gettime(self.clock) * 1000

    def settled(self):
        """The same, when the server has rested for a fifth of a second: for what goes on behind an answer."""
        end = time.monotonic() + 120
        last = self.now()
        while time.monotonic() < end:
            time.sleep(0.2)
            now = self.now()
            if now - last < 2:
                return now
            last = now
        raise Failure("the server has not come to rest within two minutes")

    def row(self, name, send, behind=False, harmless=0.0, answers=0):
        """`send` sends, awaits the answers, and returns octets. `behind`: there is work behind the answers. `harmless`: milliseconds that
        as many harmless items cost, which are not held against the shape; in its place, for what has so many answers, a bound for each. Returns
        milliseconds."""
        harmless += answers * self.answer
        spent, octets = self.once(send, behind)
        # Others at work make it more, never less: what is beyond the bound is measured again, and the least counts.
        for _ in range(2):
            if (spent - harmless) / octets * MB <= self.bound:
                break
            spent, octets = min((spent, octets), self.once(send, behind), key=lambda found: found[0] / found[1])
        self.rows.append((max(0.0, spent - harmless) / octets * MB, spent / octets * MB, octets, name))
        return spent

    def once(self, send, behind):
        before = self.settled() if behind else self.now()
        octets = send()
        return (self.settled() if behind else self.now()) - before, octets

    def verdict(self):
        if "MTA_WORK_TABLE" in os.environ:
            for net, raw, octets, name in self.rows:
                print(f"WORK\t{name}\t{octets}\t{raw:.1f}\t{net:.1f}")
        check(self.server.process.poll() is None, "the server ended")
        beyond = [row for row in sorted(self.rows, reverse=True) if row[0] > self.bound]
        check(not beyond, f"more than {self.bound:.0f} ms for an MB: " +
              "; ".join(f"{name}: {net:.0f} ({raw:.0f} with what harmless ones cost)" for net, raw, _, name in beyond[:8]))
        net, raw, _, name = max(self.rows)
        total = sum(row[2] for row in self.rows)
        mean = sum(row[1] * row[2] for row in self.rows) / total
        with_harmless = f", {raw:.0f} with what harmless ones cost" if raw - net > 1 else ""
        return f"{len(self.rows)} rows, {total / MB:.1f} MB, {mean:.1f} ms/MB; most: {name}, {net:.1f} ms/MB{with_harmless}"


class Line(Client):
    """A client that sends much, and only counts the answers."""

    def count(self, replies):
        """Reads so many replies and returns their codes."""
        codes, deadline = [], time.monotonic() + self.timeout
        while len(codes) < replies:
            data = self._more(deadline)
            check(data, f"{len(codes)} of {replies} answers came; {self.transcript()}")
            deadline = time.monotonic() + self.timeout
            *lines, self.buffer = (self.buffer + data).split(b"\n")
            codes += [line[:3] for line in lines if line[3:4] == b" "]
        check(len(codes) == replies, f"{len(codes)} answers for {replies} commands; {self.transcript()}")
        return codes

    def pipelined(self, data, replies):
        """Sends while it reads, so that neither side waits for the other. Returns octets."""
        sender = threading.Thread(target=self.sock.sendall, args=(data,), daemon=True)
        sender.start()
        self.codes = self.count(replies)
        sender.join(self.timeout)
        return len(data)

    def mail(self, content, recipients=("coco@test.example",), sender="a@client.example"):
        """By DATA, whatever the answer to the content is. Returns octets."""
        self.data(sender, recipients)
        self.sock.sendall((b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b"\r\n.\r\n")
        self.answer = self.reply(300)
        check(self.answer is not None, f"closed at the end of the content; {self.transcript()}")
        return len(content)
