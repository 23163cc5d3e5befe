"""The end of the server itself, among clients that do not go. Played last, alone."""

import os
import resource
import socket
import time

from catalogue import case
from wire import Client, check

NAME = "ends"


@case(NAME, "the server still runs, and never crashed", last=True)
def survived(servers):
    for server in servers.running():
        check(server.process.poll() is None, f"a server ended with status {server.process.poll()}")


@case(NAME, "no connection is left behind", last=True)
def census(servers):
    time.sleep(3)
    with open(f"/proc/{servers.plain.process.pid}/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    ports = {f"{port:04X}" for port in (servers.plain.standard, servers.plain.internal, servers.plain.submission, servers.plain.smtps)}
    left = [row for row in rows if row[1].split(":")[1] in ports and row[3] in ("01", "08") and row[9] != "0"]
    check(not left, f"{len(left)} connections are left")


@case(NAME, "out of descriptors: no core is burnt, and clients are served again", last=True)
def descriptors(servers):
    server = servers.server("scarce", ehloDomainVerifies=False, neverProhibit=["127.0.0.0/8"])
    pid = server.process.pid

    def ticks():
        with open(f"/proc/{pid}/stat") as file:
            return sum(int(word) for word in file.read().rsplit(")", 1)[1].split()[11:13])

    limit = len(os.listdir(f"/proc/{pid}/fd")) + 20
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limit))
    crowd = [socket.create_connection(("127.0.0.1", server.standard), 10) for _ in range(60)]
    time.sleep(0.5)
    before = ticks()
    time.sleep(3)
    used = (ticks() - before) / os.sysconf("SC_CLK_TCK")
    for sock in crowd:
        sock.close()
    with Client(server.standard) as client:
        client.ehlo().alive()
    check(used < 1, f"{used:.1f} s of 3 s were burnt")


@case(NAME, "SIGTERM: idle clients are told, a mail in flight is finished, exit 0", last=True)
def graceful(servers):
    server = servers.server("graceful", ehloDomainVerifies=False, neverProhibit=["127.0.0.0/8"])
    idle = [Client(server.standard) for _ in range(4)]
    with Client(server.standard) as busy:
        busy.ehlo().data().line("X-Mark: hostile-late")
        server.terminate()
        for client in idle:
            client.expect("421 4.3.2", timeout=5)
            client.closed(timeout=5)
            client.sock.close()
        busy.line("").line(".").expect("250 2.0.0")
        busy.expect("421 4.3.2")
    seconds, status = server.stop(20)
    check(status == 0, f"status {status} after {seconds:.1f} s")
    check(len(server.mails("hostile-late")) == 1, "the promised mail is not there")


@case(NAME, "SIGTERM among clients that ignore the end: exit 0 within the grace", last=True)
def stubborn(servers):
    server = servers.server("stubborn", ehloDomainVerifies=False, neverProhibit=["127.0.0.0/8"])
    clients = [Client(server.standard) for _ in range(3)]
    clients[0].ehlo()
    clients[1].ehlo().data().line("x")
    clients[2].ehlo().say("STARTTLS", "220")
    seconds, status = server.stop(45)
    check(status == 0, f"status {status} after {seconds:.1f} s")
