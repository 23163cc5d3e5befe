"""Processor time grows with the bytes, whatever they are: each shape of the growth tests over each way into a running server, some MB each
(THREAT-MODEL.md, "Work that grows"). What is held is milliseconds for an MB. Where many small things each have an answer, what as many
harmless ones cost is measured first and not held against the shape; the rows tell both."""

import base64
import concurrent.futures
import hashlib
import itertools

from catalogue import case
from wire import USER, check
from work import FIELDS, HARMLESS, MB, SHAPES, WITHIN, Line, Meter, filled
from work_peers import Filter, Keys, NextHop

NAME = "work"
# No limit of number stands in the way, and nothing is locked out.
OPEN = {"ehloDomainVerifies": False, "neverProhibit": ["127.0.0.0/8"], "maximumErrorsPerSession": 1_000_000_000,
        "maximumCommandsWithoutMail": 0, "maximumLoginFailuresPerSession": 1_000_000, "logReceiverConversation": False,
        "receiverTimeout": 300, "maximumReceivedFields": 1_000_000, "xclientNetworks": ["127.0.9.9/32"]}
BODY_HASH = base64.b64encode(hashlib.sha256(b"x\r\n").digest()).decode()
HEADER = 250_000  # of the 262,144 octets that a header section may have
STARTS = ["", "EHLO ", "EHLO [", "MAIL FROM:<", 'MAIL FROM:<"', "MAIL FROM:<a@b.example> ", "MAIL FROM:<a@b.example> AUTH=",
          "RCPT TO:<a@", "RCPT TO:<@a,@b:", "RCPT TO:<coco@test.example> ORCPT=rfc822;", "RCPT TO:<coco@test.example> NOTIFY=", "VRFY ",
          "AUTH PLAIN ", "XCLIENT LOGIN=", "XCLIENT "]
NAMES = ["From", "Subject", "Received", "Delivered-To", "Return-Path", "Authentication-Results", "Content-Type",
         "Content-Transfer-Encoding", "Message-ID", "X-Spam-Status", "DKIM-Signature", "X"]
AUTHORS = ["From: ", "From: a <", "From: a@", 'From: "', "Resent-From: ", "Sender: ", "Date: ", "Message-ID: ", "Bcc: ", "To: "]
TYPES = ["Content-Type: ", "Content-Type: text/plain; charset=", 'Content-Type: text/plain; charset="', "Content-Type: text/plain; a=b;",
         "Content-Type: multipart/mixed; boundary=", "Content-Transfer-Encoding: ",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: ",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n", "\r\n"]


def measured(name, peer=None, **settings):
    """A case whose body is given a server of its own, a meter of it, a divisor of sizes, and what `peer` makes. Settings may ask the peer."""
    def register(body):
        @case(NAME, name, alone=True)
        def played(servers):
            made = [peer()] if peer else []
            chosen = {key: value(*made) if callable(value) else value for key, value in settings.items()}
            with servers.alone("work", **{**OPEN, **chosen}) as server:
                meter = Meter(server, servers.release)
                body(server, meter, 1 if servers.release else 4, *made)
                return meter.verdict()
        return body
    return register


@measured("commands, each shape behind each beginning")
def commands(server, meter, share):
    for start in STARTS:
        source = "127.0.9.9" if start.startswith("XCLIENT") else "127.0.0.1"
        with Line(server.standard, timeout=120, source=source) as client:
            client.ehlo()
            for shape, text in meter.some(WITHIN):
                line = (start.encode() + filled(text, 2000))[:2040] + b"\r\n"
                before = b"RSET\r\nMAIL FROM:<a@client.example>\r\n" if start.startswith("RCPT") else b"RSET\r\n"
                count = max(4, 200_000 // share // len(line))
                meter.row(f"{start}{shape}", lambda: client.pipelined((before + line) * count, (before.count(b"\n") + 1) * count))


@measured("chunks that are none, after which the connection ends")
def none(server, meter, share):
    def send(text):
        octets = 0
        for _ in range(20 // share):
            with Line(server.standard) as client:
                client.ehlo().envelope().line(b"BDAT " + filled(text, 2000)).expect("501 5.5.4")
                octets += 2007
                client.closed()
        return octets

    harmless = meter.row("letters", lambda: send(HARMLESS), harmless=float("inf"))
    for shape, text in meter.some(WITHIN):
        meter.row(shape, lambda: send(text), harmless=harmless)


@measured("many tiny lines")
def tiny(server, meter, share):
    count = 40_000 // share
    with Line(server.standard, timeout=120) as client:
        client.ehlo()
        for line in (b"NOOP", b"WXYZ", b"", b"a", b" ", b"\t", b":", b".", b"\0", b"\xc3\xa9", b"EHLO x", b"MAIL", b"RCPT TO:<", b"RSET"):
            meter.row(repr(line), lambda: client.pipelined((line + b"\r\n") * count, count), answers=count)


@measured("many recipients", routes={"*": "smtp:127.0.0.1:9"})
def recipients(server, meter, share):
    def send(mails, each, name):
        octets = 0
        with Line(server.internal, timeout=300) as client:
            client.ehlo()
            for mail in range(mails):
                lines = b"".join(f"RCPT TO:<{name}{mail}.{number}@far.example>\r\n".encode() for number in range(each))
                octets += client.pipelined(b"RSET\r\n" + f"MAIL FROM:<{USER}>\r\n".encode() + lines, each + 2)
                octets += client.line("DATA").expect("354") and client.pipelined(b"Subject: x\r\n\r\nx\r\n.\r\n", 1)
        return octets

    total = 4000 // share
    harmless = meter.row("in mails of ten", lambda: send(total // 10, 10, "h"), behind=True, harmless=float("inf"))
    most = min(total, 1000)
    meter.row(f"in mails of {most}", lambda: send(total // most, most, "r"), behind=True, harmless=harmless)


@measured("logins, each shape in each place")
def logins(server, meter, share):
    # A refused login is answered after a second, so all of a shape are under way together. What is harmless in each is a hash.
    starts = [b"", b"\0", b"\0a\0", b"a@b.example\0", b"\0a@", b"\0\"", b"user=", b"n,,\1auth=Bearer "]

    def login(mechanism, response):
        with Line(server.submission, timeout=120) as client:
            client.ehlo().starttls()
            sent, reply = 0, client.line(b"AUTH " + mechanism).reply()
            while reply.startswith("334"):
                sent, reply = sent + len(response), client.line(response).reply()
            return sent

    def all_of(text):
        responses = [base64.b64encode(start + filled(text, 9000))[:12_000] for start in starts]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            return sum(pool.map(login, [b"PLAIN", b"LOGIN"] * 8, sorted(responses * 2)))

    harmless = meter.row("letters", lambda: all_of(HARMLESS), behind=True, harmless=float("inf"))
    for shape, _ in meter.some(WITHIN):
        meter.row(shape, lambda: all_of(SHAPES[shape]), behind=True, harmless=harmless)


@measured("header fields of strangers, each shape in each field")
def fields(server, meter, share):
    with Line(server.standard, timeout=120) as client:
        client.ehlo()
        for name in NAMES:
            for shape, text in meter.some(FIELDS):
                content = f"{name}: ".encode() + filled(text, HEADER // share) + b"\r\n\r\nx"
                meter.row(f"{name}: {shape}", lambda: client.mail(content))


@measured("header fields of users, who are asked whose name they write in")
def authors(server, meter, share):
    with Line(server.submission, timeout=120) as client:
        client.ehlo().starttls().auth()
        for start in AUTHORS:
            for shape, text in meter.some(FIELDS):
                content = start.encode() + filled(text, HEADER // share) + b"\r\n\r\nx"
                meter.row(f"{start}{shape}", lambda: client.mail(content, ["mike@test.example"], USER))


@measured("many fields, and lines without end")
def many(server, meter, share):
    with Line(server.standard, timeout=120) as client:
        client.ehlo()
        mails = 32 // share
        for name in NAMES + [""]:
            content = f"{name}: a\r\n".encode() * 2000 + b"\r\nx"
            plain = b"X: " + b"a" * len(content) + b"\r\n\r\nx"
            # Each is a mail that is made durable, small as it is.
            harmless = meter.row("one field as long", lambda: sum(client.mail(plain) for _ in range(mails)), harmless=float("inf"))
            meter.row(f"2000 {name}", lambda: sum(client.mail(content) for _ in range(mails)), harmless=harmless)
        # Beyond the limits, to be read away.
        meter.row("header of 4 MB", lambda: client.mail(b"Subject: " + b"a" * (4 * MB // share)))
        meter.row("a million fields", lambda: client.mail(b"X:\r\n" * (MB // share)))


@measured("many signatures, each shape in each tag")
def signatures(server, meter, share):
    with Line(server.standard, timeout=120) as client:
        client.ehlo()
        for tag in ["v", "a", "c", "d", "s", "h", "i", "l", "q", "t", "x", "z", "bh", "b"]:
            for shape, text in meter.some(FIELDS):
                tags = {b"v": b"1", b"a": b"rsa-sha256", b"c": b"relaxed/relaxed", b"d": b"client.example", b"s": b"s", b"h": b"from:subject",
                        b"bh": b"AAAA", b"b": b"AAAA"}
                tags[tag.encode()] = filled(text, HEADER // 5 // share)
                field = b"DKIM-Signature: " + b"; ".join(key + b"=" + value for key, value in tags.items()) + b"\r\n"
                meter.row(f"{tag}={shape}", lambda: client.mail(field * 5 + b"From: a@client.example\r\n\r\nx"))


@measured("bodies by DATA and BDAT, each shape")
def bodies(server, meter, share):
    with Line(server.standard, timeout=120) as client:
        client.ehlo()
        for shape, text in meter.some(SHAPES):
            body = filled(text, 2 * MB // share)
            meter.row(f"DATA {shape}", lambda: client.mail(b"From: a@client.example\r\n\r\n" + body))

            def chunks(kind):
                client.say(f"MAIL FROM:<a@client.example> BODY={kind}", "250")
                client.say("RCPT TO:<coco@test.example>", "250")
                client.send(b"BDAT 26\r\nFrom: a@client.example\r\n\r\n").expect("250")
                parts = [body[at:at + 50_000] for at in range(0, len(body), 50_000)]
                data = b"".join(b"BDAT %d\r\n" % len(part) + part for part in parts) + b"BDAT 0 LAST\r\n"
                return client.pipelined(data, len(parts) + 1)
            meter.row(f"BDAT {shape}", lambda: chunks("BINARYMIME" if len(shape) % 2 else "8BITMIME"))


@measured("chunks of one octet")
def chunks(server, meter, share):
    count = 40_000 // share
    with Line(server.standard, timeout=120) as client:
        client.ehlo()
        for shape in ("word", "emptyLines", "returns", "folds", "dotLines", "eightBit"):
            content = filled(SHAPES[shape], count - 2) + b"\r\n"
            client.envelope()
            data = b"".join(b"BDAT 1\r\n%c" % octet for octet in content)
            meter.row(shape, lambda: client.pipelined(data + b"BDAT 0 LAST\r\n", len(content) + 1), behind=True, answers=count)


@measured("keys of signatures, each shape in each tag", lambda: Keys(55_000), resolvers=lambda keys: [f"127.0.0.1:{keys.port}"])
def keys(server, meter, share, keys):
    numbers = itertools.count()  # no key is asked for twice
    with Line(server.standard, timeout=120) as client:
        client.ehlo()
        for shape, _ in meter.some(FIELDS):
            def send():
                before, octets = keys.sent, 0
                for _ in range(max(1, 8 // share)):
                    fields = "".join(f"DKIM-Signature: v=1; a=rsa-sha256; d=client.example; h=from; bh={BODY_HASH}; b={'A' * 344}; "
                                     f"s={next(numbers)}.{shape}\r\n" for _ in range(5))
                    octets += client.mail(fields.encode() + b"From: a@client.example\r\n\r\nx")
                check(keys.sent > before, "no key was asked for")
                return octets + keys.sent - before
            meter.row(shape, send)


def sending(**settings):
    """The runner delivers, and DKIM signs."""
    return {"queueRunner": "automatic", "routes": lambda hop: {"*": f"smtp:127.0.0.1:{hop.port}"}, "delayWarning": 400_000, **settings}


@measured("mail that is converted to seven bits, signed and relayed", NextHop, **sending(maximumReturnedBytes=0))
def conversion(server, meter, share, hop):
    with Line(server.internal, timeout=120) as client:
        client.ehlo()
        for shape, text in meter.some(SHAPES):
            def send():
                octets = 0
                for start in TYPES:
                    content = b"From: coco@test.example\r\n" + start.encode()
                    inside = b"\n" not in text and b"\r" not in text or shape == "folds"
                    # Large, for it is octets that are weighed, and a small mail costs what every mail costs.
                    size = (HEADER if inside and not start.endswith("\n") else MB) // share
                    content += filled(text, size) if inside or start.endswith("\n") else b"x\r\n\r\n" + filled(text, size)
                    octets += client.mail(content + b"\r\n\r\n\xc3\xa9", ["b@far.example"], USER)
                return octets
            meter.row(shape, send, behind=True)
    check(hop.mails > len(meter.rows), f"only {hop.mails} mails were relayed")


@measured("what next hops announce", NextHop, **sending())
def announcements(server, meter, share, hop):
    with Line(server.internal, timeout=120) as client:
        client.ehlo()

        def relay(count):
            said, mails = hop.said, hop.mails
            for _ in range(count):
                client.mail(b"From: coco@test.example\r\n\r\nx", ["b@far.example"], USER)
                meter.settled()
            check(hop.mails >= mails + count, f"{hop.mails - mails} of {count} mails were relayed")
            return hop.said - said
        count = 4 if share == 1 else 2
        harmless = meter.row("a mail", lambda: relay(count), harmless=float("inf"))
        for shape, _ in meter.some(WITHIN):
            hop.shape = shape
            meter.row(shape, lambda: relay(count), harmless=harmless)


@measured("answers of a content filter", Filter, queueRunner="automatic", contentFilter=lambda filter: f"rspamd:127.0.0.1:{filter.port}")
def filters(server, meter, share, filter):
    filter.octets = 120_000 // share
    with Line(server.standard, timeout=120) as client:
        client.ehlo()
        for shape, _ in meter.some(WITHIN):
            filter.shape, before = shape, filter.said

            def send():
                client.mail(b"From: a@client.example\r\n\r\nx")
                meter.settled()
                check(filter.said > before, "the filter was not asked")
                return filter.said - before
            meter.row(shape, send)
