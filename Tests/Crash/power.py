"""Cuts a loaded server's power again and again; see Scripts/power-cut."""

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

import disk
import world


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--recorder", required=True)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--sessions", type=int, default=6)
    parser.add_argument("--pause", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    random.seed(options.seed)
    folder = tempfile.mkdtemp(prefix="mta-power.")
    log = os.path.join(folder, "record")
    environment = {"LD_PRELOAD": options.recorder, "RECORDER_LOG": log, "RECORDER_ROOT": os.path.join(folder, "server")}
    server = world.Server(options.server, folder, environment)
    try:
        good = run(server, options, random.Random(options.seed), log)
    finally:
        server.end()
        if options.keep:
            print(f"kept         {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"seed         {options.seed}")
    return 0 if good else 1


def run(server, options, chance, log):
    load = world.Load(server.port, options.sessions)
    begun, cuts, unsynced = time.monotonic(), 0, 0
    while cuts < options.cuts and time.monotonic() - begun < options.seconds:
        if os.path.exists(log):
            os.unlink(log)
        model = disk.Disk(server.home, ["state", "queue"])
        server.start()
        if cuts == 0:
            load.start()
        time.sleep(chance.uniform(0, 2 * options.pause))
        server.kill()
        model.replay(log)
        unsynced += sum(len(file.pending) for file in set(model.names.values()))
        # Every second time nothing that was not synced survives; else some of it does.
        model.cut(chance if cuts % 2 else None)
        cuts += 1
        if cuts % 50 == 0:
            print(f"… {cuts} cuts, {len(load.accepted)} accepted", flush=True)
    load.stop()
    server.environment = None
    server.start()
    rest = server.drain()
    server.stop()
    outcome = world.Outcome(server, load)
    print(f"cuts         {cuts} in {time.monotonic() - begun:.0f} s, with {unsynced / max(1, cuts):.0f} unsynced writes each")
    for line in outcome.lines(load):
        print(line)
    print(f"undelivered  {rest} parcels when the wait was over")
    restarts = sorted(server.restarts)
    print(f"restart      {1000 * statistics.median(restarts):.0f} ms in the middle, {1000 * restarts[-1]:.0f} ms at most")
    return outcome.is_good and rest == 0


if __name__ == "__main__":
    sys.exit(main())
