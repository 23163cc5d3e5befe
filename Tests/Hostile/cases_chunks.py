"""BDAT (RFC 3030): content that is counted, so that no byte of it can end it, and no byte of it is a command."""

import time

from catalogue import case
from wire import Client, check

NAME = "chunks"
COMMANDS = b"QUIT\r\nMAIL FROM:<x@y.example>\r\n.\r\nQUIT\r\n"


def chunk(content, last=False):
    return b"BDAT %d%s\r\n" % (len(content), b" LAST" if last else b"") + content


def session(name, body):
    @case(NAME, name)
    def play(servers):
        with Client(servers.plain.standard) as client:
            body(servers, client.ehlo())
            client.alive()


def kept(servers, client):
    content = b"X-Mark: hostile-bdat\r\n\r\n" + COMMANDS
    client.envelope().send(chunk(content[:30]) + chunk(content[30:31]) + chunk(b"") + chunk(content[31:], True))
    for pattern in ("250 2.0.0", "250 2.0.0", "250 2.0.0", "250 2.0.0 queued"):
        client.expect(pattern)
    check(servers.plain.mails("hostile-bdat")[0][1] == content, "content differs")


def unasked(servers, client):
    client.send(chunk(COMMANDS)).expect("503 5.5.1")
    client.say("MAIL FROM:<a@client.example>", "250")
    client.send(chunk(COMMANDS, True)).expect("554 5.5.1 There must be at least 1 acceptable recipient")


def mixed(servers, client):
    client.envelope().send(chunk(b"a\r\n")).expect("250")
    client.say("DATA", "503 5.5.1")
    client.say("RCPT TO:<mike@test.example>", "503 5.5.1")
    client.say("MAIL FROM:<b@client.example>", "503 5.5.1")
    client.say("AUTH PLAIN", "503 5.5.1")
    client.say("STARTTLS", "503 5.5.1")
    client.send(chunk(b"b\r\n", True)).expect("250 2.0.0 queued")


def forgotten(servers, client):
    for verb in ("RSET", "EHLO client.example"):
        client.envelope().send(chunk(b"X-Mark: hostile-forgotten\r\n\r\n")).expect("250")
        client.say(verb, "250")
        client.send(chunk(COMMANDS, True)).expect("503 5.5.1")
    check(not servers.plain.mails("hostile-forgotten"), "a part of a mail was taken")


def bare(servers, client):
    client.envelope().send(chunk(b"X-Mark: hostile-bare\r\n\r\na\n.\nb") + chunk(b"\r\n", True))
    # The fault may be told at once, or at the end.
    early = client.expect("250", "550 5.6.0").startswith("550")
    client.expect("503 5.5.1" if early else "550 5.6.0")
    client.envelope().send(chunk(b"A: b\r\n\r\nx\r") + chunk(b"\ny\r\n", True)).expect("250")
    client.expect("250 2.0.0 queued")
    check(not servers.plain.mails("hostile-bare"), "it was taken")


def dot_end(servers, client):
    client.envelope().send(chunk(b"X-Mark: hostile-dot-end\r\n\r\n.", True)).expect("250 2.0.0 queued")
    check(servers.plain.mails("hostile-dot-end")[0][1].endswith(b"\r\n."), "content differs")


session("chunks are kept byte for byte, whatever they hold", kept)
session("a chunk out of sequence is read away, not run", unasked)
session("DATA, RCPT, MAIL, AUTH and STARTTLS between chunks", mixed)
session("RSET and EHLO between chunks forget what came", forgotten)
session("a bare line end is refused, one torn by chunks is none", bare)
session("a mail may end in a lone dot", dot_end)


@case(NAME, "before EHLO a chunk is read away, not run")
def fresh(servers):
    with Client(servers.plain.standard) as client:
        client.send(chunk(COMMANDS, True)).expect("503 5.5.1")
        client.alive()


def malformed(form):
    @case(NAME, f"BDAT{form} cannot be counted, so nothing behind it is run")
    def body(servers):
        with Client(servers.plain.standard) as client:
            client.ehlo().envelope().send(b"BDAT" + form.encode() + b"\r\nNOOP\r\nNOOP\r\n").expect("501 5.5.4", "521 5.5.4")
            client.closed()


for form in ("", " x", " -5", " +5", " 5 FIRST", " 5 LAST LAST", " 0x10", " 5LAST", " 000000000000000000000000005"):
    malformed(form)


@case(NAME, "a chunk beyond the size limit is told at once, and none of it read")
def announced(servers):
    for size, pattern in ((20_001, "552 5.3.4"), (2**63 - 1, "552 5.3.4"), (2**63, "501 5.5.4"), (10**20 - 1, "501 5.5.4"), (10**40, "501 5.5.4")):
        with Client(servers.tight.standard, source="127.0.4.30") as client:
            client.ehlo().envelope().send(b"BDAT %d LAST\r\n" % size + b"NOOP\r\n" * 1000).expect(pattern)
            client.closed()


@case(NAME, "chunks that are too big together are refused, in step")
def big(servers):
    with Client(servers.tight.standard, source="127.0.4.31") as client:
        client.ehlo().envelope()
        client.send(chunk(b"A: b\r\n\r\n" + b"x" * 12_000)).expect("250")
        client.send(chunk(b"x" * 12_000) + chunk(b"x" * 100, True)).expect("552 5.3.4")
        client.expect("503 5.5.1")
        client.alive()


@case(NAME, "half a chunk and a vanished client keep nothing")
def vanished(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().envelope().send(b"BDAT 1000 LAST\r\nX-Mark: hostile-vanished\r\n\r\n")
    time.sleep(0.5)
    check(not servers.plain.mails("hostile-vanished"), "half a mail was taken")


@case(NAME, "a chunk byte by byte")
def dripped(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().envelope().drip(chunk(b"X-Mark: hostile-drip-bdat\r\n\r\nx\r\n", True)).expect("250 2.0.0 queued")
        client.alive()
