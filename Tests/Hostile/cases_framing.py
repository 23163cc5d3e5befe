"""Where a command and a content line end: CR LF and nothing else (RFC 5321 2.3.8)."""

from catalogue import case, dialogue
from wire import Client, check

NAME = "framing"

dialogue(NAME, "bare LF does not end a command", (b"NOOP\nNOOP\r\n", "500 5.5.2"))
dialogue(NAME, "bare CR does not end a command", (b"NOOP\rNOOP\r\n", "500 5.5.2"))
dialogue(NAME, "LF CR is no line end", (b"NOOP\n\rNOOP\r\n", "500 5.5.2"))
dialogue(NAME, "CR CR LF: the first CR is a fault", (b"NOOP\r\r\n", "500 5.5.2"))
dialogue(NAME, "NUL within a command", (b"NO\0OP\r\n", "500 5.5.2"))
dialogue(NAME, "NUL within an address", (b"MAIL FROM:<a\0@client.example>\r\n", "500 5.5.2"))
dialogue(NAME, "escape and bell within a command", (b"EHLO \x1b[2J\x07\r\n", "501 5.5.2"))
dialogue(NAME, "DEL within a command", (b"NOOP \x7f\r\n", "500 5.5.2"))
dialogue(NAME, "an empty line is an unknown command", ("", "500 5.5."))
dialogue(NAME, "blanks alone are an unknown command", ("   ", "500 5.5."))
dialogue(NAME, "lower case verbs", ("mail from:<a@client.example>", "250"), ("rcpt to:<coco@test.example>", "250"),
         ("rset", "250"), ("noop", "250"))
dialogue(NAME, "mixed case and blanks behind the colon", ("MaIl FrOm: <a@client.example>", "250"),
         ("RcPt tO:  <coco@test.example>  ", "250"))
dialogue(NAME, "blanks behind a verb without argument", ("NOOP ", "250"), ("RSET  ", "250"))
dialogue(NAME, "the long s is no S", ("RſET".encode() + b"\r\n", "500 5.5."))
dialogue(NAME, "U+2028 ends no line", ("NOOP\u2028QUIT".encode() + b"\r\n", "500 5.5.", "250"))
dialogue(NAME, "bytes that are not UTF-8", (b"VRFY \xff\xfe\r\n", "500", "501", "252", "553"))
dialogue(NAME, "a line of 512 octets is taken", ("NOOP " + "x" * 505, "250"))
dialogue(NAME, "a line of 4,000 octets is refused once", ("NOOP " + "x" * 3995, "500 5.5.2"))
dialogue(NAME, "an over-long line's tail is no command",
         (b"NOOP " + b"x" * 70_000 + b"QUIT\nQUIT\rQUIT\r\n", "500 5.5.2"))
dialogue(NAME, "a huge line of LFs is refused once", (b"\n" * 100_000 + b"\r\n", "500 5.5.2"))
dialogue(NAME, "a huge line of CRs is refused once", (b"\r" * 100_000 + b"\r\n", "500 5.5.2"))


@case(NAME, "a megabyte without line end, then in step")
def huge(servers):
    with Client(servers.plain.standard) as client:
        for _ in range(16):
            client.send(b"A" * 65_536)
        client.line("").expect("500 5.5.2")
        client.alive()


@case(NAME, "every command byte by byte")
def dripped(servers):
    with Client(servers.plain.standard) as client:
        for line in (b"EHLO client.example\r\n", b"MAIL FROM:<a@client.example>\r\n", b"RCPT TO:<coco@test.example>\r\n"):
            client.drip(line).expect("250")
        client.drip(b"DATA\r\n").expect("354")
        client.drip(b"Subject: hostile-drip\r\n\r\n..\r\n.\r\n").expect("250 2.0.0")
    check(servers.plain.mails("hostile-drip")[0][1] == b"Subject: hostile-drip\r\n\r\n.\r\n", "content differs")


@case(NAME, "the end of content in every possible split")
def split(servers):
    end = b"x\r\n.\r\nNOOP\r\n"
    for cut in range(1, len(end)):
        with Client(servers.plain.standard) as client:
            client.ehlo().data()
            client.send(end[:cut])
            client.silent(0.02) if cut < 6 else None
            client.send(end[cut:]).expect("250 2.0.0 queued")
            client.expect("250 2.0.0")


@case(NAME, "dots are taken away once, at line starts only")
def dots(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data()
        client.send(b"X-Mark: hostile-dots\r\n\r\n..\r\n...\r\n.a\r\nb.\r\n. \r\n..c\r\n.\r\n").expect("250 2.0.0")
    wanted = b"X-Mark: hostile-dots\r\n\r\n.\r\n..\r\na\r\nb.\r\n \r\n.c\r\n"
    check(servers.plain.mails("hostile-dots")[0][1] == wanted, "content differs")


@case(NAME, "lines of any length, 8 bit and NUL are kept byte for byte")
def bytes_kept(servers):
    body = bytes(byte for byte in range(256) if byte not in (10, 13)) * 400
    content = b"X-Mark: hostile-bytes\r\n\r\n" + body + b"\r\n"
    with Client(servers.plain.standard) as client:
        client.ehlo().say("MAIL FROM:<a@client.example> BODY=8BITMIME", "250")
        client.say("RCPT TO:<coco@test.example>", "250")
        client.say("DATA", "354")
        client.send(content + b".\r\n").expect("250 2.0.0")
    check(servers.plain.mails("hostile-bytes")[0][1] == content, "content differs")


@case(NAME, "three megabytes are kept byte for byte")
def large(servers):
    content = b"X-Mark: hostile-large\r\n\r\n" + (b"..stuffed" + b"y" * 991 + b"\r\n") * 3000
    with Client(servers.plain.standard, timeout=60) as client:
        client.ehlo().data().send(content + b".\r\n").expect("250 2.0.0")
    check(servers.plain.mails("hostile-large")[0][1] == content.replace(b"..s", b".s"), "content differs")


@case(NAME, "an empty message")
def empty(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data().line(".").expect("250 2.0.0")
        client.alive()
