"""Peers that answer with the shapes: a name server with key records, a next hop, a content filter."""

import http.server
import json
import socket
import socketserver
import struct
import threading

from work import FIELDS, WITHIN, filled

# Where in a key record the shape stands.
KEY_PLACES = [b"", b"v=DKIM1;p=YWJj;k=", b"p=YWJj;h=", b"p=YWJj;s=", b"p=YWJj;t=", b"p=YWJj;n=", b"p=", b"v="]


def serve(server):
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    return server


class Keys:
    """A name server: the key `NUMBER.SHAPE._domainkey.…` is that shape, about so many octets of it, behind a place by the number. Other
    names do not exist. By UDP every answer is truncated, so that the whole comes over TCP (RFC 7766)."""

    def __init__(self, octets):
        self.octets, self.sent = octets, 0
        # Resolvers ask in capitals and small letters by chance.
        self.shapes = {name.lower(): text for name, text in FIELDS.items()}
        while True:  # a port that is free for both
            self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.datagrams.bind(("127.0.0.1", 0))
            self.port = self.datagrams.getsockname()[1]
            try:
                self.streams = serve(socketserver.ThreadingTCPServer(("127.0.0.1", self.port), self.handler()))
                break
            except OSError:
                self.datagrams.close()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            query, peer = self.datagrams.recvfrom(4096)
            self.datagrams.sendto(self.answer(query, False), peer)

    def handler(keys):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while len(head := self.rfile.read(2)) == 2:
                    answer = keys.answer(self.rfile.read(struct.unpack(">H", head)[0]), True)
                    self.wfile.write(struct.pack(">H", len(answer)) + answer)
        return Handler

    def answer(self, query, whole):
        labels, index = [], 12
        while query[index]:
            labels.append(query[index + 1:index + 1 + query[index]].decode().lower())
            index += 1 + query[index]
        question = query[12:index + 5]
        if len(labels) < 3 or labels[2] != "_domainkey":
            return query[:2] + struct.pack(">HHHHH", 0x8583, 1, 0, 0, 0) + question
        if not whole:
            return query[:2] + struct.pack(">HHHHH", 0x8780, 1, 0, 0, 0) + question
        text = KEY_PLACES[int(labels[0]) % len(KEY_PLACES)] + filled(self.shapes[labels[1]], self.octets)
        data = b"".join(bytes([len(part)]) + part for part in (text[at:at + 255] for at in range(0, len(text), 255)))
        self.sent += len(data)
        record = b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(data)) + data
        return query[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + question + record


class NextHop:
    """A server without 8BITMIME that takes everything. With a shape it announces a hundred lines of that, and ends each connection behind
    its mail, so that it is greeted anew each time."""

    def __init__(self):
        self.shape, self.said, self.mails = None, 0, 0
        self.server = serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), self.handler()))
        self.port = self.server.server_address[1]

    def announcement(self):
        if self.shape is None:
            return b"250-sink.example\r\n250 PIPELINING\r\n"
        places = [b"", b"AUTH ", b"SIZE ", b"LIMITS ", b"8BITMIME "]
        lines = [b"250-" + places[n % len(places)] + filled(WITHIN[self.shape], 600) + b"\r\n" for n in range(98)]
        return b"250-sink.example\r\n" + b"".join(lines) + b"250 PIPELINING\r\n"

    def handler(hop):
        class Handler(socketserver.StreamRequestHandler):
            def say(self, reply):
                hop.said += len(reply)
                self.wfile.write(reply)

            def handle(self):
                self.say(b"220 sink.example\r\n")
                while line := self.rfile.readline():
                    verb = line[:4].upper()
                    if verb in (b"EHLO", b"HELO"):
                        self.say(hop.announcement())
                    elif verb == b"DATA":
                        self.say(b"354 go\r\n")
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            pass
                        hop.mails += 1
                        self.say(b"250 2.0.0 taken\r\n")
                        if hop.shape is not None:
                            return
                    elif verb == b"QUIT":
                        return self.say(b"221 bye\r\n")
                    else:
                        self.say(b"250 ok\r\n")
        return Handler


class Filter:
    """Answers as rspamd does, with the shape in each text that is read."""

    def __init__(self):
        self.shape, self.said, self.octets = "word", 0, 60_000
        self.server = serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler()))
        self.port = self.server.server_address[1]

    def answer(self):
        text = filled(WITHIN[self.shape], self.octets).decode()
        return json.dumps({
            "action": "rewrite subject", "score": 1, "subject": text, "messages": {"smtp_message": text, text: text},
            "symbols": {text: {"score": 1}, text + "b": {"score": 1, "description": text}}, text: [text]}, ensure_ascii=False).encode()

    def handler(filter):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                body = filter.answer()
                filter.said += len(body)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        return Handler
