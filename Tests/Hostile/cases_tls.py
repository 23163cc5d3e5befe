"""STARTTLS and implicit TLS (RFC 3207, RFC 8314)."""

import socket
import ssl
import time

from catalogue import case
from wire import Client, check

NAME = "tls"


@case(NAME, "announced in clear, not under TLS; AUTH the other way round")
def announced(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo()
        check("STARTTLS" in client.extensions, client.transcript())
        check(not any(line.startswith("AUTH") for line in client.extensions), client.transcript())
        client.starttls()
        check("STARTTLS" not in client.extensions, client.transcript())
        check(any(line.startswith("AUTH ") and "PLAIN" in line.split() for line in client.extensions), client.transcript())


def glued(name, behind):
    @case(NAME, name)
    def body(servers):
        with Client(servers.plain.standard) as client:
            client.ehlo().send(b"STARTTLS\r\n" + behind)
            reply = client.reply()
            check(reply is None or reply[0] in "45", f"went on: {client.transcript()}")
            if reply:
                client.closed()


glued("a command behind STARTTLS ends the session", b"EHLO injected.example\r\n")
glued("half a command behind STARTTLS ends the session", b"MAIL FROM:<x")
glued("one byte behind STARTTLS ends the session", b"\n")
glued("60,000 bytes behind STARTTLS end the session", b"NOOP\r\n" * 10_000)


@case(NAME, "commands in clear between 220 and the handshake are never run")
def between(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().say("STARTTLS", "220")
        client.send(b"EHLO injected.example\r\nMAIL FROM:<a@client.example>\r\n")
        try:
            data = client.sock.recv(4096)
            while data:
                check(not data.startswith(b"250"), f"answered in clear: {data!r}")
                data = client.sock.recv(4096)
        except ConnectionError:
            pass


@case(NAME, "everything from before the handshake is forgotten (RFC 3207 4.2)")
def forgotten(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().say("STARTTLS", "220")
        client.wrap()
        client.say("MAIL FROM:<a@client.example>", "503 5.5.1")
        client.ehlo().envelope()


@case(NAME, "STARTTLS under TLS is refused")
def twice(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().starttls().say("STARTTLS", "503 5.5.1")
        client.alive()


@case(NAME, "a mail under TLS, its trace says so")
def mail(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().starttls().data().line("X-Mark: hostile-tls").line(".").expect("250 2.0.0")
    trace = servers.plain.mails("hostile-tls")[0][0]
    check(b"with ESMTPS id" in trace and b"tls TLS_" in trace, f"{trace!r}")


@case(NAME, "TLS 1.2 works, TLS 1.1 does not")
def versions(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().say("STARTTLS", "220")
        client.wrap(maximum_version=ssl.TLSVersion.TLSv1_2).ehlo()
        check(client.sock.version() == "TLSv1.2", client.sock.version())
    with Client(servers.plain.standard) as client:
        client.ehlo().say("STARTTLS", "220")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        try:
            context.wrap_socket(client.sock)
            check(False, "TLS 1.1 was taken")
        except (ssl.SSLError, ConnectionError):
            pass


@case(NAME, "garbage for a handshake ends the session only")
def garbage(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().say("STARTTLS", "220")
        client.sock.sendall(b"\x16\x03\x01\xff\xff" + b"\xaa" * 70_000)
        try:
            while client.sock.recv(4096):
                pass
        except ConnectionError:
            pass
    with Client(servers.plain.standard) as client:
        client.ehlo()


@case(NAME, "implicit TLS from the first byte, with AUTH")
def implicit(servers):
    with Client(servers.plain.smtps, implicit_tls=True) as client:
        client.ehlo()
        check("STARTTLS" not in client.extensions, client.transcript())
        client.auth().alive()


@case(NAME, "clear text at an implicit TLS port gets no SMTP")
def clear_at_implicit(servers):
    with Client(servers.plain.smtps, greet=False) as client:
        client.send(b"EHLO client.example\r\n")
        try:
            data = client.sock.recv(4096)
        except ConnectionError:
            data = b""
        check(not data.startswith(b"2") and b"ESMTP" not in data, f"{data!r}")


@case(NAME, "a hundred abandoned handshakes leave nothing")
def abandoned(servers):
    for number in range(100):
        with Client(servers.plain.standard) as client:
            client.ehlo().say("STARTTLS", "220")
            if number % 2:
                client.sock.sendall(b"\x16\x03\x01\x00\xf0")
    with Client(servers.plain.standard) as client:
        client.ehlo().starttls().alive()


@case(NAME, "an abrupt end under TLS keeps no half mail")
def abrupt(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().starttls().data().line("X-Mark: hostile-abrupt").line("")
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    time.sleep(0.5)
    check(not servers.plain.mails("hostile-abrupt"), "half a mail was taken")


@case(NAME, "pipelining under TLS, many records")
def records(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().starttls()
        for byte in b"NOOP\r\n" * 50:
            client.sock.sendall(bytes([byte]))
        for _ in range(50):
            client.expect("250 2.0.0")
        client.send(b"NOOP\r\n" * 900)
        for _ in range(900):
            client.expect("250 2.0.0")
