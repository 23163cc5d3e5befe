"""A client, which says what went wrong at a connection in the words of the tables."""

import socket
import ssl
import time

import mails

REFUSED = "refused"
EARLY = "ended before the greeting"
LATER = "ended later"
SILENT = "without an answer"
DEFERRED = "answered 4yz"
REJECTED = "answered 5yz"
CLOSING = "told 421"
TROUBLES = [REFUSED, EARLY, LATER, SILENT, DEFERRED, REJECTED, CLOSING]


class Trouble(Exception):
    def __init__(self, kind, words=""):
        super().__init__(f"{kind} {words}".strip())
        self.kind, self.words = kind, words


class Session:
    """One connection. What the server said before it closed is read, even if it did not take what was sent."""

    def __init__(self, port, source="127.0.0.1", timeout=10):
        self.begun, self.port, self.buffer, self.is_greeted = time.monotonic(), None, b"", False
        self.socket = socket.socket()
        try:
            self.socket.settimeout(timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if source != "127.0.0.1":
                # IP_BIND_ADDRESS_NO_PORT: the port is chosen when it connects, so that pairs of ends count, not ports.
                self.socket.setsockopt(socket.IPPROTO_IP, 24, 1)
                self.socket.bind((source, 0))
            self.socket.connect(("127.0.0.1", port))
            self.port = self.socket.getsockname()[1]
        except ConnectionRefusedError:
            self._fail(REFUSED)
        except TimeoutError:
            self._fail(SILENT, "connecting")
        except OSError as error:
            self._fail(EARLY, str(error))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _fail(self, kind, words=""):
        self.socket.close()
        raise Trouble(kind, words)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except TimeoutError:
            self._fail(SILENT, "sending")
        except OSError:
            pass  # the answer, or the end, tells more

    def reply(self):
        """The code of one reply."""
        while True:
            line, end, rest = self.buffer.partition(b"\n")
            if end:
                self.buffer = rest
                if line[3:4] != b"-":
                    return line[:3].decode(errors="replace")
                continue
            try:
                data = self.socket.recv(65_536)
            except TimeoutError:
                self._fail(SILENT, "after the greeting" if self.is_greeted else "no greeting")
            except OSError as error:
                self._fail(LATER if self.is_greeted else EARLY, str(error))
            if not data:
                self._fail(LATER if self.is_greeted else EARLY)
            self.buffer += data

    def expect(self, code, doing):
        found = self.reply()
        if found != code:
            kind = CLOSING if found == "421" else DEFERRED if found[:1] == "4" else REJECTED
            self._fail(kind, f"{found} to {doing}")

    def greeting(self):
        """Seconds since the connection was begun."""
        self.expect("220", "the connection")
        self.is_greeted = True
        return time.monotonic() - self.begun

    def say(self, line, code):
        self.send(line.encode() + b"\r\n")
        self.expect(code, line[:20])

    def hello(self):
        self.greeting()
        self.say("EHLO client.example", "250")

    def start_tls(self):
        self.say("STARTTLS", "220")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)
        self.say("EHLO client.example", "250")

    def mail(self, token, number, diary):
        """Sends one, and writes down how certain it is."""
        self.say("MAIL FROM:<sender@client.example>", "250")
        self.say(f"RCPT TO:<{mails.recipient(number)}>", "250")
        self.say("DATA", "354")
        diary.uncertain.add(token)
        self.send(mails.content(token) + b".\r\n")
        try:
            self.expect("250", "the mail")
        except Trouble as trouble:
            if trouble.kind in (DEFERRED, REJECTED, CLOSING):
                diary.uncertain.discard(token)
            raise
        diary.uncertain.discard(token)
        diary.accepted.add(token)

    def quit(self):
        self.say("QUIT", "221")


class Diary:
    """What one load has met. It goes from its process to ours when the load ends."""

    def __init__(self):
        self.accepted, self.uncertain = set(), set()
        # (moment, kind, words, the client's port)
        self.troubles = []
        self.connections = 0
        self.greetings = []
        # Seconds that the load itself was behind its plan, at most.
        self.late = 0.0

    def note(self, trouble, port=None):
        self.troubles.append((time.monotonic(), trouble.kind, trouble.words, port))

    def count(self, kind):
        return sum(1 for entry in self.troubles if entry[1] == kind)

    def words(self, kind):
        return sorted({entry[2] for entry in self.troubles if entry[1] == kind})
