"""Plays every case against running servers; see Scripts/hostile."""

import argparse
import concurrent.futures
import importlib
import os
import shutil
import sys
import tempfile
import traceback

import catalogue
import wire
import work

GROUPS = ["framing", "smuggling", "chunks", "injection", "sequence", "addresses", "tls", "auth", "relaying", "limits", "floods",
          "contacts", "clients", "work", "ends"]


def play(case, servers):
    """The case, why it failed or None, and what it has to say."""
    try:
        return case, None, case.body(servers) or ""
    except wire.Failure as failure:
        return case, str(failure), ""
    except Exception as error:  # a refused connection, a reset: the server's fault as well
        place = traceback.extract_tb(error.__traceback__)[-1]
        return case, f"{type(error).__name__}: {error} ({place.name}:{place.lineno})", ""


def is_release(program):
    """Whether it lies where SwiftPM puts release builds."""
    return "release" in os.path.realpath(program or "").split(os.sep)[:-1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server")
    parser.add_argument("--only", default="")
    parser.add_argument("--release", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    for group in GROUPS:
        importlib.import_module("cases_" + group)
    def chosen(cases):
        return [case for case in cases if options.only in f"{case.group}: {case.name}"]

    cases, alone, last = chosen(catalogue.CASES), chosen(catalogue.ALONE), chosen(catalogue.LAST)
    if options.list:
        print("\n".join(f"{case.group}: {case.name}" for case in cases + alone + last))
        return 0
    folder = tempfile.mkdtemp(prefix="mta-hostile.")
    servers = catalogue.Servers(options.server, folder, options.release or is_release(options.server))
    results = []
    try:
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            # What takes long starts first.
            jobs = [pool.submit(play, case, servers) for case in sorted(cases, key=lambda case: -case.slow)]
            for job in concurrent.futures.as_completed(jobs):
                results.append(job.result())
        results += [play(case, servers) for case in alone + last]
    finally:
        for server in servers.running():
            server.stop(5)
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    order = {case: place for place, case in enumerate(cases + alone + last)}
    for case, reason, words in sorted(results, key=lambda result: order[result[0]]):
        print(f"{'FAIL' if reason else 'PASS'} {case.group}: {case.name}" + (f"\n       {reason or words}" if reason or words else ""))
    if alone:
        print(f"work: measured in a {'release' if servers.release else 'debug'} build, which may take {work.RELEASE if servers.release else work.DEBUG:.0f} ms for an MB")
    failed = sum(1 for _, reason, _ in results if reason)
    print(f"{len(results)} cases, {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
