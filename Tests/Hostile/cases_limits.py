"""Every limit, from outside."""

import time

from catalogue import case
from wire import Client, check

NAME = "limits"


@case(NAME, "SIZE is announced, and checked at MAIL")
def size(servers):
    with Client(servers.tight.standard, source="127.0.4.1") as client:
        client.ehlo()
        check("SIZE 20000" in client.extensions, client.transcript())
        client.say("MAIL FROM:<a@client.example> SIZE=20001", "552 5.3.4")
        client.say("MAIL FROM:<a@client.example> SIZE=20000", "250")


@case(NAME, "a mail that lied about its size is refused at its end")
def lied(servers):
    with Client(servers.tight.standard, source="127.0.4.2") as client:
        client.ehlo().say("MAIL FROM:<a@client.example> SIZE=10", "250")
        client.say("RCPT TO:<coco@test.example>", "250")
        client.say("DATA", "354")
        client.line("X-Mark: hostile-lied").line("").send((b"x" * 76 + b"\r\n") * 400).silent(0.2)
        client.line(".").expect("552 5.3.4")
        client.alive().data().line(".").expect("250")
    check(not servers.tight.mails("hostile-lied"), "it was taken")


@case(NAME, "a mail of exactly the limit is taken, one byte more is not")
def exact(servers):
    for more, pattern in ((0, "250 2.0.0"), (1, "552 5.3.4")):
        with Client(servers.tight.standard, source="127.0.4.3") as client:
            client.ehlo().data()
            client.send(b"A: b\r\n\r\n" + b"x" * (20_000 - 10 + more) + b"\r\n.\r\n").expect(pattern)


@case(NAME, "recipients above the limit are put off, those before stand")
def recipients(servers):
    with Client(servers.tight.internal, source="127.0.0.1") as client:
        client.ehlo().envelope("coco@test.example", ["a@far.example", "b@far.example", "c@far.example"])
        client.say("RCPT TO:<d@far.example>", "452 4.5.3")
        client.say("DATA", "354")
        client.line("X-Mark: hostile-recipients").line(".").expect("250")
    check(len(servers.tight.mails("hostile-recipients")[0][2]) == 3, "wrong count")


@case(NAME, "Received fields above the limit are a loop")
def hops(servers):
    for count, pattern in ((10, "250 2.0.0"), (11, "554 5.4.6")):
        with Client(servers.tight.standard, source="127.0.4.4") as client:
            client.ehlo().data()
            client.send(b"Received: from a by b;\r\n x\r\n" * count + b"\r\nbody\r\n.\r\n").expect(pattern)
            client.alive()


@case(NAME, "a header section of two megabytes is refused, in step")
def header(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data().send(b"X-A: " + b"y" * 70 + b"\r\n")
        client.send((b"X-A: " + b"y" * 70 + b"\r\n") * 27_000 + b"\r\nbody\r\n.\r\n").expect("552 5.3.4")
        client.alive()


@case(NAME, "a header section of 60,000 fields is refused, in step")
def fields(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data().send(b"a:\r\n" * 60_000 + b"\r\nbody\r\n.\r\n").expect("552 5.3.4")
        client.alive()


@case(NAME, "errors above the limit end the session")
def errors(servers):
    with Client(servers.tight.standard, source="127.0.4.5") as client:
        for _ in range(4):
            client.say("FROB", "500 5.5.1")
        client.say("FROB", "421 4.7.0").__len__()
        client.closed()


@case(NAME, "connections above the limit are told, others are not")
def connections(servers):
    first = [Client(servers.tight.standard, source="127.0.4.6") for _ in range(5)]
    try:
        with Client(servers.tight.standard, source="127.0.4.6", greet=False) as client:
            client.expect("421 4.3.2")
            client.closed()
        with Client(servers.tight.standard, source="127.0.4.7") as client:
            client.ehlo()
        first.pop().sock.close()
        time.sleep(0.5)
        first.append(Client(servers.tight.standard, source="127.0.4.6"))
    finally:
        for client in first:
            client.sock.close()


@case(NAME, "silence ends with 421", slow=3)
def silence(servers):
    with Client(servers.tight.standard, source="127.0.4.8") as client:
        client.ehlo().expect("421 4.4.2 *closing connection due to inactivity", timeout=12)
        client.closed()


@case(NAME, "silence before the first command ends with 421", slow=3)
def silence_at_once(servers):
    with Client(servers.tight.standard, source="127.0.4.9") as client:
        client.expect("421 4.4.2", timeout=12)
        client.closed()


@case(NAME, "silence within AUTH ends with 421", slow=3)
def silence_in_auth(servers):
    with Client(servers.tight.submission, source="127.0.4.10") as client:
        client.ehlo().starttls().say("AUTH PLAIN", "334")
        client.expect("421 4.4.2", timeout=12)
        client.closed()


@case(NAME, "silence within content ends with 421, and keeps nothing", slow=3)
def silence_in_content(servers):
    with Client(servers.tight.standard, source="127.0.4.11") as client:
        client.ehlo().data().line("X-Mark: hostile-silent")
        client.expect("421 4.4.2", timeout=12)
        client.closed()
    check(not servers.tight.mails("hostile-silent"), "half a mail was taken")


def dripping(number, name, begin, drop):
    @case(NAME, f"dripping {name} does not put off the end", slow=5)
    def body(servers):
        with Client(servers.tight.standard, source=f"127.0.4.{number}") as client:
            begin(client)
            for _ in range(48):
                try:
                    client.sock.sendall(drop)
                except ConnectionError:
                    return
                data = client._more(time.monotonic() + 0.25)
                if data is not None:
                    check(data == b"" or data.startswith(b"421 4.4.2"), f"{data!r}")
                    return
            check(False, "the session outlived its time twice over")


dripping(20, "a command", lambda client: client.ehlo(), b"N")
dripping(21, "bare LFs", lambda client: client.ehlo(), b"\n")
dripping(22, "an over-long line", lambda client: client.ehlo().send(b"x" * 20_000), b"x" * 100)
dripping(23, "half lines before EHLO", lambda client: None, b"E")


@case(NAME, "a handshake that never comes ends", slow=9)
def no_handshake(servers):
    with Client(servers.tight.standard, source="127.0.4.24") as client:
        client.ehlo().say("STARTTLS", "220")
        check(client.sock.recv(4096) == b"", "something was said in clear")
