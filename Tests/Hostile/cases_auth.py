"""AUTH (RFC 4954, RFC 4616)."""

import base64
import time

from catalogue import case
from wire import PASSWORD, PLAIN, USER, Client, check

NAME = "auth"


def encoded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def exchange(name, *steps):
    @case(NAME, name)
    def body(servers):
        with Client(servers.plain.submission) as client:
            client.ehlo().starttls()
            for say, *patterns in steps:
                client.say(say, *patterns)
            client.alive()


exchange("with an initial response", ("AUTH PLAIN " + PLAIN, "235 2.7.0"))
exchange("with an empty challenge", ("AUTH PLAIN", "334 "), (PLAIN, "235 2.7.0"))
exchange("lower case", ("auth plain " + PLAIN, "235 2.7.0"))
exchange("with one's own authorization identity", ("AUTH PLAIN " + encoded(f"{USER}\0{USER}\0{PASSWORD}"), "235 2.7.0"))
exchange("a foreign authorization identity", ("AUTH PLAIN " + encoded(f"mike@test.example\0{USER}\0{PASSWORD}"), "535 5.7.8"))
exchange("cancelled", ("AUTH PLAIN", "334 "), ("*", "501 5.7.0"))
exchange("no base64", ("AUTH PLAIN !!!", "501 5.5.2"), ("AUTH PLAIN", "334 "), ("%%%%", "501 5.5.2"))
exchange("padding that is wrong", ("AUTH PLAIN " + PLAIN.rstrip("=") + "===", "501 5.5.2"))
exchange("a wrong password", ("AUTH PLAIN " + encoded(f"\0{USER}\0wrong"), "535 5.7.8"))
exchange("an unknown user", ("AUTH PLAIN " + encoded(f"\0nobody@test.example\0{PASSWORD}"), "535 5.7.8"))
exchange("a mailbox without a password", ("AUTH PLAIN " + encoded(f"\0nologin@test.example\0{PASSWORD}"), "535 5.7.8"),
         ("AUTH PLAIN " + encoded("\0nologin@test.example\0*"), "535 5.7.8"))
exchange("an empty password", ("AUTH PLAIN " + encoded(f"\0{USER}\0"), "535 5.7.8"))
exchange("an empty response", ("AUTH PLAIN =", "535 5.7.8", "501 5.5.2"))
exchange("too few and too many parts", ("AUTH PLAIN " + encoded(f"{USER}\0{PASSWORD}"), "535 5.7.8", "501 5.5.2"),
         ("AUTH PLAIN " + encoded(f"\0{USER}\0{PASSWORD}\0x"), "535 5.7.8", "501 5.5.2"))
exchange("bytes that are not UTF-8", ("AUTH PLAIN " + encoded(b"\0coco\xff@test.example\0" + PASSWORD.encode()), "535 5.7.8", "501 5.5.2"))
exchange("a line end within the user name",
         ("AUTH PLAIN " + encoded(f"\0{USER}\r\n250 OK\0{PASSWORD}"), "535 5.7.8", "501 5.5.2"))
exchange("a password of 100,000 octets", ("AUTH PLAIN", "334 "), (encoded("\0" + USER + "\0" + "x" * 100_000), "500 5.5.6"))
exchange("a password of 8,000 octets", ("AUTH PLAIN", "334 "), (encoded("\0" + USER + "\0" + "x" * 8000), "535 5.7.8"))
exchange("an unknown mechanism", ("AUTH GSSAPI", "504 5.5.4"), ("AUTH ../../etc", "504 5.5.4"))
exchange("no mechanism", ("AUTH", "501 5.5.4"))
exchange("twice", ("AUTH PLAIN " + PLAIN, "235"), ("AUTH PLAIN " + PLAIN, "503 5.5.1"))
exchange("in a transaction", ("AUTH PLAIN " + PLAIN, "235"), (f"MAIL FROM:<{USER}>", "250"), ("AUTH PLAIN " + PLAIN, "503 5.5.1"))
exchange("a command in place of the response is no command", ("AUTH PLAIN", "334 "), ("MAIL FROM:<x@y.example>", "501 5.5.2"))
exchange("a failure leaves no trace of a login", ("AUTH PLAIN " + encoded(f"\0{USER}\0wrong"), "535"),
         (f"MAIL FROM:<{USER}>", "530 5.7.0 *must be authenticated"))


@case(NAME, "not before TLS, whatever the port")
def clear(servers):
    for port in (servers.plain.standard, servers.plain.internal, servers.plain.submission):
        with Client(port) as client:
            client.ehlo().say("AUTH PLAIN " + PLAIN, "538 5.7.11")
            client.say("AUTH PLAIN", "538 5.7.11")
            client.alive()


@case(NAME, "credentials are in no log")
def logged(servers):
    secrets = []
    with Client(servers.plain.submission) as client:
        client.ehlo()
        for number, form in enumerate(("AUTH PLAIN %s", "auth plain %s", "AUTH  PLAIN  %s", "AUTH PLAIN\t%s", "AUTH\tPLAIN\t%s",
                                       "AUTH PLAIN %s x", "AUTH PLAIN=%s")):
            secrets.append(encoded(f"\0{USER}\0secret{number}"))
            client.say(form % secrets[-1], "5")
        client.starttls().say("AUTH PLAIN", "334")
        secrets.append(encoded(f"\0{USER}\0secretlast"))
        client.say(secrets[-1], "535")
    time.sleep(0.3)
    text = servers.plain.log()
    for number, secret in enumerate(secrets):
        check(secret not in text, f"form {number} is in the log")
    check("secret" not in text, "a password is in the log")


@case(NAME, "unknown users take as long as known ones", last=True)
def timing(servers):
    def measure(user):
        best = []
        # Two a session: a third wrong one ends it.
        for _ in range(8):
            with Client(servers.plain.submission) as client:
                client.ehlo().starttls()
                for _ in range(2):
                    begin = time.monotonic()
                    client.say("AUTH PLAIN " + encoded(f"\0{user}\0wrong"), "535")
                    best.append(time.monotonic() - begin)
        return min(best)
    known, unknown, disabled = measure(USER), measure("nobody@test.example"), measure("nologin@test.example")
    for other in (unknown, disabled):
        check(0.5 < other / known < 2, f"known {known * 1000:.1f} ms, other {other * 1000:.1f} ms")


@case(NAME, "guessing ends the session", slow=2)
def guessing(servers):
    with Client(servers.plain.submission) as client:
        client.ehlo().starttls()
        for number in range(25):
            reply = client.say("AUTH PLAIN " + encoded(f"\0{USER}\0guess{number}"), "535 5.7.8", "421 4.7.0")
            if reply.startswith("421"):
                client.closed()
                return
        check(False, "25 guesses in one session")
