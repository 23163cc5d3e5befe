"""A client that trusts nothing: it checks the form of every reply, and shows what was said when a check fails."""

import base64
import re
import socket
import ssl
import time

USER, PASSWORD = "coco@test.example", "my-password"
PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


class Client:
    """One connection. `source` is the loopback address that it comes from, so that cases do not share a contact."""

    def __init__(self, port, source="127.0.0.1", timeout=20, implicit_tls=False, greet=True):
        self.timeout = timeout
        self.buffer = b""
        self.said = []
        self.sock = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if implicit_tls:
            self.wrap()
        if greet:
            self.expect("220 ")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # Bytes

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        self.said.append("C: " + repr(data if len(data) <= 100 else data[:80] + b"...")[1:])
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionError) as error:
            raise Failure(f"sending failed: {error}; {self.transcript()}")
        return self

    def line(self, text):
        return self.send(text + "\r\n" if isinstance(text, str) else text + b"\r\n")

    def drip(self, data, size=1, pause=0.0):
        for start in range(0, len(data), size):
            self.sock.sendall(data[start:start + size])
            if pause:
                time.sleep(pause)
        return self

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def _more(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        self.sock.settimeout(left)
        try:
            return self.sock.recv(65536)
        except (socket.timeout, ssl.SSLWantReadError):
            return None
        except (ConnectionError, ssl.SSLError):
            return b""

    # Replies

    def reply(self, timeout=None):
        """One whole reply as "250 2.0.0 text", its lines joined by newlines; None when the server closed."""
        deadline = time.monotonic() + (timeout or self.timeout)
        lines = []
        while True:
            while b"\n" not in self.buffer:
                data = self._more(deadline)
                if data is None:
                    raise Failure(f"no answer within {timeout or self.timeout} s; {self.transcript()}")
                if data == b"":
                    check(not self.buffer and not lines, f"closed within a reply; {self.transcript()}")
                    self.said.append("S: (closed)")
                    return None
                self.buffer += data
            line, self.buffer = self.buffer.split(b"\n", 1)
            check(line.endswith(b"\r"), f"reply line without CR LF: {line!r}")
            line = line[:-1]
            self.said.append("S: " + line.decode("latin-1"))
            check(len(line) <= 510, f"reply line of {len(line)} octets (RFC 5321 4.5.3.1.5)")
            check(re.fullmatch(rb"[2-5][0-5][0-9][ -][\x20-\x7e]*", line), f"malformed reply line {line!r}")
            check(not lines or lines[0][:3] == line[:3], f"codes differ within a reply: {lines} {line!r}")
            lines.append(line)
            if line[3:4] == b" ":
                break
        text = lines[0][:3].decode() + " " + "\n".join(part[4:].decode() for part in lines)
        for part in lines:
            found = re.match(rb"[0-9]{3}.([245])\.[0-9]{1,3}\.[0-9]{1,3} ", part)
            check(not found or found[1] == part[:1], f"enhanced status of another class: {part!r} (RFC 2034)")
        return text

    def expect(self, *patterns, timeout=None):
        """The next reply must begin with one of the patterns; "*" within one stands for anything."""
        reply = self.reply(timeout)
        check(reply is not None, f"closed where one of {patterns} was awaited; {self.transcript()}")
        for pattern in patterns:
            if re.match(re.escape(pattern).replace(r"\*", ".*"), reply, re.S):
                return reply
        raise Failure(f"awaited {' or '.join(patterns)}, got {reply!r}; {self.transcript()}")

    def say(self, text, *patterns, timeout=None):
        return self.line(text).expect(*patterns, timeout=timeout)

    def closed(self, timeout=None):
        """Nothing more comes but the end of the connection."""
        reply = self.reply(timeout)
        check(reply is None, f"awaited the end, got {reply!r}; {self.transcript()}")
        return self

    def silent(self, seconds=0.4):
        """Nothing is said, and the line stays open."""
        check(not self.buffer, f"awaited silence, got {self.buffer!r}; {self.transcript()}")
        data = self._more(time.monotonic() + seconds)
        check(data is None, f"awaited silence, got {data!r}; {self.transcript()}")
        return self

    def transcript(self):
        return " | ".join(self.said[-8:])

    # Steps that many cases share

    def ehlo(self, name="client.example"):
        self.extensions = self.say(f"EHLO {name}", "250 ").split("\n")[1:]
        return self

    def wrap(self, **options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for name, value in options.items():
            setattr(context, name, value)
        self.sock = context.wrap_socket(self.sock, server_hostname="mx.test.example")
        return self

    def starttls(self):
        self.say("STARTTLS", "220 2.0.0")
        return self.wrap().ehlo()

    def auth(self):
        self.say("AUTH PLAIN " + PLAIN, "235 2.7.0")
        return self

    def envelope(self, sender="a@client.example", recipients=("coco@test.example",)):
        self.say(f"MAIL FROM:<{sender}>", "250 2.1.0")
        for recipient in recipients:
            self.say(f"RCPT TO:<{recipient}>", "250 2.1.5")
        return self

    def data(self, sender="a@client.example", recipients=("coco@test.example",)):
        self.envelope(sender, recipients).say("DATA", "354 ")
        return self

    def alive(self):
        """The server is still in step: it answers a command, once."""
        self.say("NOOP", "250 2.0.0")
        return self.silent(0.15)
