"""Client bytes in replies, logs and header fields; other protocols spoken at an SMTP port."""

import time

from catalogue import case, dialogue
from wire import Client, check

NAME = "injection"
# The reader of replies refuses every byte outside printable ASCII, so these cases need only provoke the echo.
dialogue(NAME, "no raw bytes of a verb in the reply", (b"\xc3\xa9\xffFOO <script>\r\n", "500 5.5."))
dialogue(NAME, "no raw bytes of an EHLO name in the reply", (b"EHLO \xff\xc3\x28.example\r\n", "501 5.5."))
dialogue(NAME, "no raw bytes of a sender in the reply", (b"MAIL FROM:<\xff\x9b31m@client.example>\r\n", "501", "553"))
dialogue(NAME, "no raw bytes of a parameter in the reply", (b"MAIL FROM:<a@client.example> \xff=\x9b\r\n", "555 5.5.4", "501"))
dialogue(NAME, "a format string is text", ("VRFY %s%n%x$(id)`id`", "252"))
dialogue(NAME, "an SQL fragment is an address",
         ("MAIL FROM:<a'or'1'='1@client.example>", "250"), ("RCPT TO:<coco'--@test.example>", "550 5.1.1"))


@case(NAME, "a path fragment in a recipient is no path")
def path(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().say("MAIL FROM:<../../x@client.example>", "553 5.1.7")
        client.say("MAIL FROM:<a@client.example>", "250")
        client.say('RCPT TO:<"../../etc/passwd"@test.example>', "550 5.1.1")
        client.say("RCPT TO:<coco@../test.example>", "501 5.1.3")


@case(NAME, "the log holds no control character of a client")
def log(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo()
        client.send(b"FOO hostile-log\x1b[2J\n2026-01-01 [critical] forged: line\r\n").expect("500")
        client.send(b"BAR hostile-log \xe2\x80\xae\r\n").expect("500")
    time.sleep(0.3)
    text = servers.plain.log()
    lines = text.split("\n")
    check(len(lines) > 1, "nothing was logged")
    # Of what is no command the log has the length alone.
    check("hostile-log" not in text, "a line that is no command is in the log")
    check(all(ord(character) >= 32 for line in lines for character in line), "a control character in the log")
    check("\u202e" not in text, "a bidirectional override in the log")
    check(not any(line.startswith("2026-01-01 [critical]") for line in text.split("\n")), "a forged log line")


@case(NAME, "trace fields hold nothing that was not parsed")
def trace(servers):
    with Client(servers.plain.standard) as client:
        client.say("EHLO [192.0.2.9]", "250")
        client.say('MAIL FROM:<"a b"@client.example>', "250")
        client.say("RCPT TO:<COCO@TEST.example>", "250")
        client.say("DATA", "354")
        client.line("X-Mark: hostile-trace").line("").line(".").expect("250")
    trace = servers.plain.mails("hostile-trace")[0][0]
    check(trace.endswith(b"\r\n") and b"\r\n\r\n" not in trace, f"trace is no list of fields: {trace!r}")
    check(all(32 <= byte < 127 or byte in (9, 10, 13) for byte in trace), "a control character in the trace")
    check(trace.replace(b"\r\n", b"").find(b"\r") < 0 and trace.replace(b"\r\n", b"").find(b"\n") < 0, "a bare line end")
    check(b"Received: from [192.0.2.9] ([127.0.0.1])" in trace, f"{trace!r}")


def http(name, request, mark):
    @case(NAME, name)
    def body(servers):
        with Client(servers.plain.internal) as client:
            client.send(request)
            client.send(b"EHLO client.example\r\nMAIL FROM:<coco@test.example>\r\nRCPT TO:<mike@test.example>\r\nDATA\r\n"
                        + b"X-Mark: " + mark + b"\r\n\r\n.\r\nQUIT\r\n")
            try:
                while client.reply() is not None:
                    pass
            except ConnectionError:
                pass
        check(not servers.plain.mails(mark.decode()), "a browser was made to send a mail")


http("an HTTP request ends the session", b"POST / HTTP/1.1\r\nHost: mx\r\n\r\n", b"hostile-http-1")
http("an HTTP request with a long path ends the session", b"POST /" + b"x" * 3000 + b" HTTP/1.1\r\nHost: mx\r\n\r\n",
     b"hostile-http-2")
http("an HTTP request with a very long path ends the session",
     b"POST /" + b"x" * 30_000 + b" HTTP/1.1\r\nHost: mx\r\nContent-Type: text/plain\r\n\r\n", b"hostile-http-3")
http("an HTTP request of another method ends the session", b"PROPFIND / HTTP/1.1\r\nHost: mx\r\n\r\n", b"hostile-http-4")
http("an HTTP/2 preface ends the session", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"hostile-http-5")


@case(NAME, "an HTTP request gets no answer")
def http_silent(servers):
    with Client(servers.plain.standard) as client:
        client.send(b"GET /index.html HTTP/1.0\r\n\r\n").closed()


@case(NAME, "a PROXY line from anybody is not believed")
def proxy(servers):
    with Client(servers.plain.standard, greet=False) as client:
        client.send(b"PROXY TCP4 203.0.113.7 203.0.113.8 1 2\r\n").expect("220 ")
        client.expect("500 5.5.1", "5")


@case(NAME, "XCLIENT from anybody is not believed")
def xclient(servers):
    with Client(servers.plain.standard, source="127.0.3.1") as client:
        client.ehlo().say("XCLIENT ADDR=127.0.0.1 LOGIN=coco@test.example", "5")
        client.say("MAIL FROM:<a@client.example>", "250")
        client.say("RCPT TO:<b@elsewhere.example>", "550 5.7.1")


@case(NAME, "a TLS hello at a port in clear does no harm")
def tls_hello(servers):
    with Client(servers.plain.standard) as client:
        client.send(bytes.fromhex("16030100a5010000a10303") + bytes(range(160)) + b"\r\n").expect("5")
        client.alive()
