"""Plays every case against running servers; see Scripts/hostile."""

import argparse
import concurrent.futures
import importlib
import shutil
import sys
import tempfile
import time
import traceback

import catalogue
import stage
import wire

GROUPS = ["framing", "smuggling", "chunks", "injection", "sequence", "addresses", "tls", "auth", "relaying", "limits", "floods",
          "contacts", "clients", "ends"]


def play(case, servers):
    begin = time.monotonic()
    try:
        case.body(servers)
        return case, None, time.monotonic() - begin
    except wire.Failure as failure:
        return case, str(failure), time.monotonic() - begin
    except Exception as error:  # a refused connection, a reset: the server's fault as well
        place = traceback.extract_tb(error.__traceback__)[-1]
        return case, f"{type(error).__name__}: {error} ({place.name}:{place.lineno})", time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    for group in GROUPS:
        importlib.import_module("cases_" + group)
    cases = [case for case in catalogue.CASES if options.only in f"{case.group}: {case.name}"]
    if options.list:
        print("\n".join(f"{case.group}: {case.name}" for case in cases))
        return 0
    folder = tempfile.mkdtemp(prefix="mta-hostile.")
    servers = catalogue.Servers(options.server, folder)
    results = []
    try:
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            # What takes long starts first.
            jobs = [pool.submit(play, case, servers) for case in sorted(cases, key=lambda case: -case.slow)]
            for job in concurrent.futures.as_completed(jobs):
                results.append(job.result())
        results += [play(case, servers) for case in catalogue.LAST if options.only in f"{case.group}: {case.name}"]
    finally:
        for server in servers.running():
            server.stop(5)
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    order = {case: place for place, case in enumerate(cases + catalogue.LAST)}
    for case, reason, seconds in sorted(results, key=lambda result: order[result[0]]):
        print(f"{'FAIL' if reason else 'PASS'} {case.group}: {case.name}" + (f"\n       {reason}" if reason else ""))
    failed = sum(1 for _, reason, _ in results if reason)
    print(f"{len(results)} cases, {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
