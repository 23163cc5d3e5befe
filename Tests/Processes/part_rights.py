"""What /proc tells of the rights of each thread, and what each role has open."""

import grp
import os
import pwd

import proc
import wire
from report import say
from server import Server

NAME = "rights"
FACTS = ["Uid", "Gid", "Groups", "NoNewPrivs", "CapInh", "CapPrm", "CapEff", "CapAmb"]
NONE = "0" * 16


def run(report, options, folder):
    if options.isolation == "inProcess":
        return report.skip(NAME, "inProcess stays root")
    server = Server(options, folder, options.isolation, encrypted=True).start()
    # Each has work, so that all of its threads are there; and one session stays.
    diary, session = wire.Diary(), wire.Session(server.port, timeout=30)
    session.hello()
    session.start_tls()
    for number in range(20):
        session.mail(f"rights.{number}-10", number, diary)
    report.tell(NAME, "STARTTLS with a key that only root can read", "works")
    roles = server.roles()
    for pid, role in sorted(roles.items(), key=lambda pair: (pair[1], pair[0])):
        check(report, options, server, pid, role)
    master(report, server)
    present = sorted(set(roles.values()))
    report.hold(NAME, "roles", ", ".join(present), ", ".join(sorted(server.wanted)), set(server.wanted) <= set(present))
    session.socket.close()
    server.stop()


def check(report, options, server, pid, role):
    user = pwd.getpwnam(options.user if role == "queue" else options.receiver_user)
    # A user of its own for the receivers has its own group.
    group = grp.getgrnam(options.group).gr_gid if user.pw_name == options.user else user.pw_gid
    wanted = {"Uid": " ".join([str(user.pw_uid)] * 4), "Gid": " ".join([str(group)] * 4), "Groups": "", "NoNewPrivs": "1",
              "CapInh": NONE, "CapPrm": NONE, "CapEff": NONE, "CapAmb": NONE}
    threads = proc.threads(pid)
    lines = [proc.status(pid, thread, FACTS) for thread in threads]
    report.tell(NAME, f"{role} {pid}, {len(threads)} threads", "; ".join(sorted({told(line) for line in lines})))
    differing = [f"{name} {line.get(name)}" for line in lines for name in FACTS if line.get(name) != wanted[name]]
    report.none(NAME, f"{role}: lines of {len(threads)} threads that differ", differing)
    # proc(5): what cannot be dumped belongs to root there.
    report.hold(NAME, f"{role}: can be dumped, or traced by its user", os.stat(f"/proc/{pid}/fd").st_uid != 0, "False",
                os.stat(f"/proc/{pid}/fd").st_uid == 0)
    files = proc.opened(pid)
    own = [path for path in files if path.startswith(server.home)]
    if role == "queue":
        listening = proc.sockets(server.port)[0]
        report.none(NAME, "queue: listening sockets", [path for path in files if path == f"socket:[{listening}]"])
        report.none(NAME, "queue: files open outside of queue and maildir",
                    [path for path in own if not path.startswith((server.at("queue"), server.at("maildir"))) and path != server.at("output")])
    else:
        # Standard output is the server's.
        report.none(NAME, f"{role}: files of the server open", [path for path in own if path != server.at("output")])
    say(f"{role} {pid} has open: {', '.join(sorted({path for path in files if path.startswith('/')}))}")


def told(line):
    return ", ".join(f"{name} {line.get(name, '?')}" for name in ("Uid", "Gid", "Groups", "NoNewPrivs", "CapEff"))


def master(report, server):
    threads = proc.threads(server.master)
    lines = {told(proc.status(server.master, thread, FACTS)) for thread in threads}
    report.tell(NAME, f"master {server.master}, {len(threads)} threads", "; ".join(sorted(lines)))
    files = proc.opened(server.master)
    report.none(NAME, "master: files of queue and maildir open",
                [path for path in files if path.startswith((server.at("queue"), server.at("maildir"))) and not path.endswith("/.server")])
    peers = proc.sockets(server.port)[1]
    report.none(NAME, "master: connections of clients", [path for path in files if path.startswith("socket:[") and int(path[8:-1]) in peers])
