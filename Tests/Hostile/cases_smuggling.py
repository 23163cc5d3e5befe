"""SMTP smuggling: whatever another server may take for the end of a mail, only CR LF "." CR LF is (RFC 5321 4.1.1.4). The rest is
refused when the true end has come, and nothing behind a forged end is read as commands."""

from catalogue import case
from wire import Client, check

NAME = "smuggling"
INNER = b"MAIL FROM:<forged@client.example>\r\nRCPT TO:<coco@test.example>\r\nDATA\r\nSubject: hostile-smuggled-%d\r\n\r\nx"

FORGED_ENDS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r.\n", b"\r\r\n.\r\r\n", b"\r\n\r.\r\n",
               b"\n\n.\n\n", b"\r\n.\r\r\n", b"\r\n.\n\r\n", b"\n\r.\n\r"]


def smuggle(number, end):
    @case(NAME, f"{end!r} does not end a mail")
    def body(servers):
        with Client(servers.plain.standard) as client:
            client.ehlo().data()
            client.send(b"Subject: outer\r\n\r\nx" + end + INNER % number)
            client.silent(0.3)
            client.send(b"\r\n.\r\n").expect("550 5.6.0", "554 5.6.0")
            client.alive()
        check(not servers.plain.mails(f"hostile-smuggled-{number}"), "the mail, or a part of it, was taken")


for number, end in enumerate(FORGED_ENDS):
    smuggle(number, end)


def harmless(number, end):
    @case(NAME, f"{end!r} is content, and no fault")
    def body(servers):
        content = b"X-Mark: hostile-harmless-%d\r\n\r\nx" % number + end + b"y\r\n"
        with Client(servers.plain.standard) as client:
            client.ehlo().data().send(content + b".\r\n").expect("250 2.0.0")
            client.alive()
        found = servers.plain.mails(f"hostile-harmless-{number}")
        check(len(found) == 1 and found[0][1] == content.replace(b"\r\n.", b"\r\n"), f"kept as {found!r}")


for number, end in enumerate([b"\r\n.\0\r\n", b"\r\n. \r\n", b"\r\n.\x85\r\n", b"\r\n.\xe2\x80\xa8\r\n", b"\r\n..\r\n"]):
    harmless(number, end)


@case(NAME, "a bare CR LF pair torn apart by packets is no fault")
def torn(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data().drip(b"a\r\nb\r\n\r\n.\r\n", pause=0.01).expect("250 2.0.0")
        client.alive()


@case(NAME, "a NUL in the content does not hide its end")
def nul(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data().send(b"a\0\r\n\0.\r\n.\r\n").expect("250 2.0.0")
        client.alive()


@case(NAME, "a refused mail is read to its true end before the answer")
def in_step(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data().send(b"a\nb\r\nQUIT\r\n").silent(0.3)
        client.send(b"RSET\r\n.\r\n").expect("550 5.6.0")
        client.alive()


@case(NAME, "commands behind the true end run, once each")
def behind(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data().send(b"x\r\n.\r\nNOOP\r\nVRFY coco\r\nQUIT\r\n")
        for pattern in ("250 2.0.0 queued", "250 2.0.0", "252 ", "221 2.0.0"):
            client.expect(pattern)
        client.closed()
