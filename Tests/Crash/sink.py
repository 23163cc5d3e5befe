"""The next hop: a small SMTP server that writes a line for each copy it took before it says so.

Usage: sink.py TALLY DEFER     prints its port; while the file DEFER exists, recipients `later@` get 451
"""

import asyncio
import os
import sys

import mails

tally = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
defer = sys.argv[2]


async def serve(reader, writer):
    def say(text):
        writer.write(text.encode() + b"\r\n")

    recipients = []
    say("220 sink.example ESMTP")
    try:
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000")
            elif verb == b"RCPT":
                address = line[line.index(b"<") + 1:line.index(b">")].decode()
                if address.startswith("later@") and os.path.exists(defer):
                    say("451 4.3.0 later")
                else:
                    recipients.append(address)
                    say("250 ok")
            elif verb == b"DATA":
                if not recipients:
                    say("503 no recipients")
                    continue
                say("354 go")
                text = await reader.readuntil(b"\r\n.\r\n")
                number, whole = mails.judge(text[:-3])
                for recipient in recipients:
                    os.write(tally, f"{-1 if number is None else number} {recipient} {'whole' if whole else 'BAD'}\n".encode())
                recipients = []
                say("250 taken")
            elif verb == b"QUIT":
                say("221 bye")
                break
            else:
                recipients = []
                say("250 ok")
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 22)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
