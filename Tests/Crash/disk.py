"""What a disk holds after the power went: a model of files and folders, fed with what recorder.c wrote down."""

import os
import shutil


class File:
    def __init__(self, synced=b""):
        self.synced = bytearray(synced)
        self.pending = []

    def write(self, content, change):
        kind, place, data = change
        if kind == "t":
            del content[place:]
            content.extend(bytes(place - len(content)))
        else:
            content.extend(bytes(max(0, place + len(data) - len(content))))
            content[place:place + len(data)] = data

    def sync(self):
        for change in self.pending:
            self.write(self.synced, change)
        self.pending = []

    def after_the_cut(self, chance):
        """The synced bytes, and of those written since any that the disk came to; the last of them perhaps torn."""
        content = bytearray(self.synced)
        for change in self.pending if chance else []:
            if chance.random() < 0.5:
                continue
            if change[0] == "w" and chance.random() < 0.2:
                change = ("w", change[1], change[2][:chance.randrange(0, len(change[2]) + 1, 512)])
            self.write(content, change)
        return bytes(content)


class Disk:
    """Files below `root`. Those in `watched` folders may be changed; elsewhere files are only made, linked and removed."""

    def __init__(self, root, watched):
        self.root = root
        self.inodes, self.durable, self.folders = {}, {}, set()
        # What was done to each folder's names since it was synced: (path, File, None, or "folder").
        self.pending = {}
        self.touched = set()
        for place, _, names in os.walk(root):
            self.folders.add(place)
            for name in names:
                path = os.path.join(place, name)
                if any(place == os.path.join(root, folder) for folder in watched) and not name.endswith("-shm"):
                    with open(path, "rb") as file:
                        self.durable[path] = self.inodes[os.stat(path).st_ino] = File(file.read())
                    self.touched.add(path)
        self.names = dict(self.durable)

    def replay(self, log):
        """Takes up what was recorded; a record that the end of the process cut short is left out."""
        with open(log, "rb") as file:
            while (line := file.readline()).endswith(b"\n"):
                words = line.decode().split()
                if words[0] == "w":
                    data = file.read(int(words[3]))
                    if len(data) < int(words[3]):
                        break
                    self.changed(words[1], ("w", int(words[2]), data))
                elif words[0] == "t":
                    self.changed(words[1], ("t", int(words[2]), b""))
                else:
                    getattr(self, "record_" + words[0])(*words[1:])

    def changed(self, inode, change):
        if int(inode) in self.inodes:
            self.inodes[int(inode)].pending.append(change)

    def name(self, path, what):
        self.touched.add(path)
        self.pending.setdefault(os.path.dirname(path), []).append((path, what))
        if what is None:
            self.names.pop(path, None)
        elif what != "folder":
            self.names[path] = what

    def record_s(self, inode):
        if int(inode) in self.inodes:
            self.inodes[int(inode)].sync()

    def record_c(self, inode, path):
        self.inodes[int(inode)] = File()
        self.name(path, self.inodes[int(inode)])

    def record_l(self, inode, path):
        self.name(path, self.inodes[int(inode)])

    def record_u(self, path):
        self.name(path, None)

    def record_r(self, before, after):
        self.name(after, self.names[before])
        self.name(before, None)

    def record_m(self, path):
        self.name(path, "folder")

    def record_d(self, path):
        self.settle(self.pending.pop(path, []))

    def settle(self, changes):
        for path, what in changes:
            if what == "folder":
                self.folders.add(path)
            elif what is None:
                self.durable.pop(path, None)
            else:
                self.durable[path] = what

    def cut(self, chance):
        """Makes the real folder what the disk holds. Without `chance`, nothing that was not synced survives."""
        if chance:
            for changes in self.pending.values():
                # Names reach the disk in the order in which they were given, as in a journal.
                self.settle(changes[:chance.randrange(len(changes) + 1)])
        for path in self.touched:
            file = self.durable.get(path)
            if path in self.folders or file is None or os.path.dirname(path) not in self.folders:
                continue
            content = file.after_the_cut(chance)
            with open(path + ".rebuilt", "wb") as new:
                new.write(content)
            os.chmod(path + ".rebuilt", 0o600)
        for path in self.touched:
            if path in self.folders:
                continue
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path + ".rebuilt"):
                os.replace(path + ".rebuilt", path)
            elif os.path.lexists(path):
                os.unlink(path)
        for place, _, names in os.walk(self.root):
            for name in names:
                if name.endswith("-shm"):
                    os.unlink(os.path.join(place, name))
