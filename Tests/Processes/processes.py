"""Tries the processes of a server; see Scripts/try-processes."""

import argparse
import os
import resource
import shutil
import signal
import sys
import tempfile

import part_cost
import part_kills
import part_memory
import part_rights
import part_signals
import part_upgrade
import server
from report import Report, say

PARTS = {part.NAME: part for part in (part_rights, part_kills, part_signals, part_upgrade, part_memory, part_cost)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--isolation", default="workers:2")
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--upgrade", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--disk", default="/var/tmp")
    parser.add_argument("--user", default="nobody")
    parser.add_argument("--group", default="nogroup")
    parser.add_argument("--receiver-user", default="daemon")
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if options.isolation == "processPerConnection":
        # One address has a tenth of the processes.
        options.isolation += ":2000"
    if os.geteuid() != 0:
        print("try-processes: only root can give rights up, so this must be run as root", file=sys.stderr)
        return 77
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    # A thousand clients, and a server in one process that has as many.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65_536, most), most))
    folder = tempfile.mkdtemp(prefix="mta-processes.", dir=options.disk)
    os.chmod(folder, 0o755)
    report = Report()
    try:
        for name in options.only or PARTS:
            say(f"{name} ({options.isolation})")
            try:
                PARTS[name].run(report, options, os.path.join(folder, name))
            except server.Failure as failure:
                report.hold(name, "the part ended early", failure, "", False)
            finally:
                server.Server.stop_all()
            if not options.keep:
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    finally:
        server.Server.stop_all()
        if options.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        print(report.table())
        if options.json:
            report.write(options.json, options)
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
