"""Loads on a server, each in a process of its own, so that they do not disturb what is measured here."""

import multiprocessing
import random
import signal
import threading
import time

import mails
from wire import Diary, Session, Trouble

FORK = multiprocessing.get_context("fork")


class Load:
    """A load that runs until it is stopped."""

    def __init__(self, body, *arguments):
        self.stopping = FORK.Event()
        self.ours, theirs = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=self._run, args=(theirs, body, arguments), daemon=True)
        self.process.start()
        theirs.close()

    def _run(self, pipe, body, arguments):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        threading.stack_size(256 * 1024)
        diary = Diary()
        body(diary, self.stopping, *arguments)
        pipe.send(diary)

    def stop(self, seconds=60):
        """Its diary."""
        self.stopping.set()
        if not self.ours.poll(seconds):
            raise SystemExit("a load does not end")
        diary = self.ours.recv()
        self.process.join(seconds)
        return diary


def without_pause(diary, stopping, port, name, sessions):
    """Connections that send mail after mail, several each, one in fifty of them large."""

    def run(place):
        chance, number = random.Random(f"{name}{place}"), 0
        while not stopping.is_set():
            session = None
            try:
                with Session(port, timeout=30) as session:
                    diary.connections += 1
                    session.hello()
                    for _ in range(chance.randrange(1, 30)):
                        if stopping.is_set():
                            break
                        number += 1
                        lines = mails.LARGE if chance.random() < 0.02 else mails.SMALL
                        session.mail(f"{name}.{place}.{number}-{lines}", place + number, diary)
                    session.quit()
            except Trouble as trouble:
                diary.note(trouble, session and session.port)
                time.sleep(0.005)

    together([threading.Thread(target=run, args=(place,), daemon=True) for place in range(sessions)])


def together(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def planned(diary, stopping, port, name, rate):
    """So many connections a second, by the clock, whatever became of those before: each sends one mail."""
    threads, number, begun = [], 0, time.monotonic()

    def run(number):
        session = None
        try:
            with Session(port) as session:
                diary.greetings.append(session.greeting())
                session.say("EHLO client.example", "250")
                session.mail(f"{name}.{number}-{mails.SMALL}", number, diary)
                session.quit()
        except Trouble as trouble:
            diary.note(trouble, session and session.port)

    while not stopping.is_set():
        moment = begun + number / rate
        pause = moment - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        else:
            diary.late = max(diary.late, -pause)
        thread = threading.Thread(target=run, args=(number,), daemon=True)
        thread.start()
        threads.append(thread)
        number += 1
        diary.connections += 1
        if number % 500 == 0:
            threads = [thread for thread in threads if thread.is_alive()]
    for thread in threads:
        thread.join()


def greetings(diary, stopping, port):
    """A connection every millisecond, or as fast as they come one after the other, for its greeting alone. Addresses change, for each has
    ports for half a minute only."""
    moment = time.monotonic()
    while not stopping.is_set():
        moment = max(moment + 0.001, time.monotonic() - 0.01)
        time.sleep(max(0, moment - time.monotonic()))
        diary.connections += 1
        try:
            with Session(port, source=f"127.0.0.{2 + diary.connections % 32}") as session:
                diary.greetings.append(session.greeting())
        except Trouble as trouble:
            diary.note(trouble)
