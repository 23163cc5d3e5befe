"""What /proc tells of a tree of processes: who belongs to it, what it has open, and what it has used."""

import os
import re
import time

TICK = os.sysconf("SC_CLK_TCK")


def read(path):
    """Text of a file of a process; nothing if the process has ended."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def stat(pid):
    """The fields of proc(5) behind the name, the state first; nothing if there is no such process, or it has ended."""
    words = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return [] if words[:1] in ([], ["Z"], ["X"]) else words


def started(pid):
    """With the pid it tells a process from a later one of the same number."""
    words = stat(pid)
    return int(words[19]) if words else None


def descendants(pid):
    """Children, and theirs, which live."""
    if os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        found = []
        for thread in threads(pid):
            found += [int(word) for word in read(f"/proc/{pid}/task/{thread}/children").split()]
        found = [child for child in found if stat(child)]
        return found + [below for child in found for below in descendants(child)]
    parents = {int(name): stat(name) for name in os.listdir("/proc") if name.isdigit()}
    found = [child for child, words in parents.items() if words and int(words[1]) == pid]
    return found + [below for child in found for below in descendants(child)]


def threads(pid):
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def opened(pid):
    """What its descriptors lead to: paths, `socket:[INODE]`, `pipe:[INODE]`."""
    found = []
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return found
    for name in names:
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except OSError:
            pass
    return found


def sockets(port):
    """TCP sockets over IPv4 with this local port: the inode of the listening one, or None; and the client's port by inode."""
    listening, peers = None, {}
    for line in read("/proc/net/tcp").splitlines()[1:]:
        words = line.split()
        if int(words[1].split(":")[1], 16) != port:
            continue
        if words[3] == "0A":
            listening = int(words[9])
        elif words[9] != "0":
            peers[int(words[9])] = int(words[2].split(":")[1], 16)
    return listening, peers


def processor_time(pids):
    """Seconds that these processes have used, threads and awaited children that have ended included."""
    total = 0.0
    for pid in pids:
        words = stat(pid)
        if not words:
            continue
        try:
            # The clock of another process's processor time (clock_getcpuclockid(3)), which is finer than ticks.
            total += time.clock_gettime((~pid << 3) | 2)
        except OSError:
            continue
        total += (int(words[13]) + int(words[14])) / TICK
    return total


def proportional_memory(pids):
    """The sum of PSS, in MiB."""
    found = (re.search(r"^Pss:\s+(\d+)", read(f"/proc/{pid}/smaps_rollup"), re.M) for pid in pids)
    return sum(int(match[1]) for match in found if match) / 1024


def status(pid, thread, names):
    """Lines of a thread's status: name → value."""
    fields = dict(line.split(":", 1) for line in read(f"/proc/{pid}/task/{thread}/status").splitlines() if ":" in line)
    return {name: " ".join(fields[name].split()) for name in names if name in fields}


def file_system(path):
    """The kind of file system that a path lies on."""
    path, best, kind = os.path.realpath(path), "", "?"
    for line in read("/proc/mounts").splitlines():
        words = line.split()
        if (path + "/").startswith(words[1].rstrip("/") + "/") and len(words[1]) >= len(best):
            best, kind = words[1], words[2]
    return kind


def with_program(path):
    """Processes that run the program which lies, or lay, at a path."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.readlink(f"/proc/{name}/exe").removesuffix(" (deleted)") == path:
                found.append(int(name))
        except OSError:
            pass
    return found
