"""Kills a loaded server again and again; see Scripts/crash-test."""

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

import mails
import world


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--queued", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    random.seed(options.seed)
    chance = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="mta-crash.")
    server = world.Server(options.server, folder)
    try:
        good = run(server, options, chance)
    finally:
        server.end()
        if options.keep:
            print(f"kept         {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"seed         {options.seed}")
    return 0 if good else 1


def run(server, options, chance):
    load = world.Load(server.port, options.sessions)
    recipients = mails.recipients
    if options.queued:
        # The next hop has no time for these until the end: they wait in the queue, whatever happens.
        open(server.at("defer"), "w").close()
        server.start()
        with world.Client(server.port) as client:
            for _ in range(options.queued):
                load.send(client, [f"later@{mails.REMOTE}"])
        later = set(load.accepted)
        recipients = lambda number: [f"later@{mails.REMOTE}"] if number in later else mails.recipients(number)
        server.stop()
        server.query("UPDATE parcels SET retry_at = '2038-01-01T00:00:00.000Z' WHERE state = 'waiting'", write=True)
        server.restarts.clear()
    server.start()
    load.start()
    begun, kills = time.monotonic(), 0
    while kills < options.kills and time.monotonic() - begun < options.seconds:
        time.sleep(chance.uniform(0, 2 * options.pause))
        server.kill()
        kills += 1
        server.start()
        if kills % 100 == 0:
            print(f"… {kills} kills, {len(load.accepted)} accepted", flush=True)
    seconds = time.monotonic() - begun
    load.stop()
    if options.queued:
        server.stop()
        os.unlink(server.at("defer"))
        server.query("UPDATE parcels SET retry_at = '2001-01-01T00:00:00.000Z' WHERE state = 'waiting'", write=True)
        server.start()
    rest = server.drain()
    server.stop()
    outcome = world.Outcome(server, load, recipients)
    print(f"kills        {kills} in {seconds:.0f} s")
    for line in outcome.lines(load):
        print(line)
    print(f"undelivered  {rest} parcels when the wait was over")
    restarts = sorted(server.restarts)
    print(f"restart      {1000 * statistics.median(restarts):.0f} ms in the middle, {1000 * restarts[-1]:.0f} ms at most"
          + (f", with {options.queued} mails queued" if options.queued else ""))
    left = [name for name in os.listdir(os.path.join(server.home, "queue")) if name.endswith((".part", ".content"))]
    print(f"left behind  {len(left)} files in the queue folder")
    return outcome.is_good and rest == 0 and not left


if __name__ == "__main__":
    sys.exit(main())
