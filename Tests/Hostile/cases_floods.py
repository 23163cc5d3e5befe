"""Much of everything: the cost stays bounded, and others are served meanwhile."""

import socket
import threading
import time

from catalogue import case
from wire import Client, check

NAME = "floods"


@case(NAME, "20,000 pipelined commands, answers read late", slow=6)
def pipeline(servers):
    with Client(servers.plain.standard, timeout=40) as client:
        client.ehlo()
        sender = threading.Thread(target=client.sock.sendall, args=(b"NOOP\r\n" * 20_000,))
        sender.start()
        time.sleep(0.5)
        for _ in range(20_000):
            client.expect("250 2.0.0")
        sender.join()
        client.alive()


def burst(count):
    @case(NAME, f"{count} pipelined commands are all answered without a further byte", slow=2)
    def body(servers):
        with Client(servers.plain.standard) as client:
            client.ehlo().send(b"NOOP\r\n" * count)
            for _ in range(count):
                client.expect("250 2.0.0", timeout=10)


for count in (4680, 4681, 4682, 9362, 10_922):
    burst(count)


@case(NAME, "replies of exactly 64 KiB do not stall the session", slow=2)
def exactly(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().send(b"NOOP\r\n")
        size = len(client.expect("250 2.0.0")) + 2
        help_size = sum(len(line) for line in client.say("HELP", "214").split("\n"))
        check(size > 0 and help_size > 0, "no replies")
    # 64 KiB of replies from two commands: NOOP as often as fits, HELP for the rest.
    for extra in range(0, 14):
        with Client(servers.plain.standard) as client:
            client.ehlo().send(b"NOOP\r\n" * (65_536 // size - extra) + b"HELP\r\n" * 3 + b"NOOP\r\n" * 200)
            for _ in range(65_536 // size - extra + 3 + 200):
                client.expect("250", "214", timeout=10)


@case(NAME, "a client that reads nothing costs bounded memory, and ends", slow=10)
def deaf(servers):
    before = servers.quiet.memory()
    socks = []
    for number in range(4):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.bind((f"127.0.5.{number + 1}", 0))
        sock.connect(("127.0.0.1", servers.quiet.standard))
        sock.setblocking(False)
        socks.append(sock)
    sent = [0] * len(socks)
    gone = set()
    end = time.monotonic() + 25
    while time.monotonic() < end and len(gone) < len(socks):
        for number, sock in enumerate(socks):
            try:
                sent[number] += sock.send(b"HELP\r\n" * 2000)
            except BlockingIOError:
                pass
            except OSError:
                gone.add(number)
        time.sleep(0.02)
    check(len(gone) == len(socks), f"{len(socks) - len(gone)} of {len(socks)} deaf clients are still served")
    check(servers.quiet.memory() - before < 60_000, f"{before} KiB before, {servers.quiet.memory()} KiB after")
    for sock in socks:
        sock.close()


@case(NAME, "a line without end, and lines of which each packet has half, cost no memory", slow=4)
def endless(servers):
    for piece, source in ((b"a" * 65_536, "127.0.5.21"), (b"NOOP\r\n" * 10_922 + b"NO", "127.0.5.22")):
        before = servers.quiet.memory()
        sock = socket.create_connection(("127.0.0.1", servers.quiet.standard), 10, (source, 0))
        sock.settimeout(10)
        reader = threading.Thread(target=drain, args=(sock,), daemon=True)
        reader.start()
        try:
            for _ in range(1500):
                sock.sendall(piece)
        except OSError:
            pass  # it was closed for its commands
        check(servers.quiet.memory() - before < 40_000, f"{before} KiB before, {servers.quiet.memory()} KiB after")
        sock.close()


def drain(sock):
    try:
        while sock.recv(65_536):
            pass
    except OSError:
        pass


@case(NAME, "a thousand mails' worth of RSET, MAIL, RCPT in one session", slow=6)
def transactions(servers):
    with Client(servers.plain.standard, timeout=60) as client:
        client.ehlo()
        batch = b"MAIL FROM:<a@client.example>\r\nRCPT TO:<coco@test.example>\r\nRCPT TO:<mike@test.example>\r\nRSET\r\n"
        for _ in range(20):
            client.send(batch * 50)
            for _ in range(200):
                client.expect("250")
        client.alive()


@case(NAME, "200 connections that say nothing do not delay another", slow=3)
def idle(servers):
    crowd = [socket.create_connection(("127.0.0.1", servers.plain.standard), 10, (f"127.0.6.{n % 8 + 1}", 0)) for n in range(200)]
    try:
        begin = time.monotonic()
        with Client(servers.plain.standard) as client:
            client.ehlo().data().line(".").expect("250")
        check(time.monotonic() - begin < 15, f"{time.monotonic() - begin:.1f} s")
    finally:
        for sock in crowd:
            sock.close()


@case(NAME, "200 connections opened and reset at once", slow=3)
def resets(servers):
    for _ in range(200):
        sock = socket.create_connection(("127.0.0.1", servers.plain.standard), 10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
    with Client(servers.plain.standard) as client:
        client.ehlo().alive()


@case(NAME, "mails that are begun and never ended leave no files", slow=3)
def begun(servers):
    for _ in range(20):
        client = Client(servers.plain.standard)
        client.ehlo().data().send(b"X-Mark: hostile-begun\r\n\r\n" + b"x" * 400_000)
        client.sock.close()
    time.sleep(1)
    check(not servers.plain.mails("hostile-begun"), "half a mail was taken")


@case(NAME, "ten flooders and a mail that is still taken", slow=5)
def fair(servers):
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            with Client(servers.plain.standard, timeout=30) as client:
                client.ehlo()
                # A thousand commands without a mail are free.
                for _ in range(4):
                    client.send(b"NOOP\r\n" * 200)
                    for _ in range(200):
                        client.expect("250")

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        with Client(servers.plain.standard, timeout=15) as client:
            client.ehlo().data().line(".").expect("250")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
