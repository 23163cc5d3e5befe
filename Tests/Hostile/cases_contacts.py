"""The contact record of an address: warning, then the door (R1, R2, R3). Each case has an address of its own."""

import time

from catalogue import case
from wire import Client, check

NAME = "contacts"


def counts(number, name, expected, *lines):
    """Plays lines in one connection; the record must then be (hits, locks, violations)."""
    @case(NAME, name)
    def body(servers):
        address = f"127.0.7.{number}"
        with Client(servers.tight.standard, source=address) as client:
            for line, pattern in lines:
                client.line(line)
                client.expect(pattern) if pattern else client.closed()
        found = servers.tight.await_contact(address, expected, 1.5)
        check(found == expected, f"hits, locks, violations are {found}, not {expected}")


HELLO = ("EHLO client.example", "250")
MAIL = [("MAIL FROM:<a@client.example>", "250"), ("RCPT TO:<coco@test.example>", "250"), ("DATA", "354"), (".", "250")]
counts(1, "a mail is no violation", (1, 0, 0), HELLO, *MAIL, ("QUIT", "221"))
counts(2, "QUIT without a mail is one", (1, 0, 1), HELLO, ("QUIT", "221"))
counts(3, "dropping the line without a mail is one", (1, 0, 1), HELLO)
counts(4, "many offences in one connection are one", (1, 0, 1), ("FROB", "500"), ("DATA", "503"), ("FROB", "500"), ("QUIT", "221"))
counts(5, "an accepted recipient forgives", (1, 0, 0), ("FROB", "500"), HELLO, *MAIL, ("QUIT", "221"))
counts(6, "an offence behind the forgiveness counts again", (1, 0, 1), HELLO, *MAIL, ("FROB", "500"), ("QUIT", "221"))
counts(7, "an HTTP request is one", (1, 0, 1), ("GET / HTTP/1.1", None))
counts(8, "dropping the line within the envelope is one", (1, 0, 1), HELLO, *MAIL, MAIL[0])


@case(NAME, "three violations, a warning, a closed door, and back in time", slow=20)
def door(servers):
    address = "127.0.7.20"

    def connect():
        return Client(servers.tight.standard, source=address, greet=False)

    for number in range(3):
        with connect() as client:
            client.expect("220")
            client.say("FROB", "500")
        found = servers.tight.await_contact(address, (number + 1, 0, number + 1))
        check(found == (number + 1, 0, number + 1), f"hits, locks, violations are {found}")
    with connect() as client:
        client.expect("421 4.7.0 *Access TEMPORARILY denied")
        client.closed()
    with connect() as client:
        client.closed()
    found = servers.tight.await_contact(address, (5, 2, 5))
    check(found == (5, 2, 5), f"hits, locks, violations are {found}")
    time.sleep(5)
    with connect() as client:
        client.closed()
    # The refusal began the lockout of 8 seconds anew.
    time.sleep(5)
    with connect() as client:
        client.closed()
    time.sleep(9)
    with connect() as client:
        client.expect("220")
    found = servers.tight.await_contact(address, (8, 4, 1))
    check(found == (8, 4, 1), f"hits, locks, violations are {found}")


@case(NAME, "an authenticated session offends nobody")
def authenticated(servers):
    address = "127.0.7.21"
    with Client(servers.tight.submission, source=address) as client:
        client.ehlo().starttls().auth()
        client.say("FROB", "500")
    time.sleep(1)
    found = servers.tight.await_contact(address, (1, 0, 0), 1)
    check(found == (1, 0, 0), f"hits, locks, violations are {found}")


@case(NAME, "our own time-out is no violation", slow=4)
def timeout(servers):
    address = "127.0.7.22"
    with Client(servers.tight.standard, source=address) as client:
        client.ehlo().expect("421 4.4.2", timeout=12)
    time.sleep(1)
    found = servers.tight.await_contact(address, (1, 0, 0), 1)
    check(found == (1, 0, 0), f"hits, locks, violations are {found}")


@case(NAME, "networks that are never prohibited are counted, not locked out")
def never(servers):
    address = "127.0.7.23"
    for _ in range(6):
        with Client(servers.plain.standard, source=address) as client:
            client.say("FROB", "500")
    found = servers.plain.await_contact(address, (6, 0, 6))
    check(found == (6, 0, 6), f"hits, locks, violations are {found}")
