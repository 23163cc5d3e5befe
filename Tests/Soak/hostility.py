"""Where the mails of the soak come from, and what is done to them. All of it follows from the numbers of the sessions.

The last hop removes Return-Path (RFC 5321 4.4), and results of authentication that are in its own name, or that it cannot read (RFC 8601
5). So no mail here has these fields, they get another name: then each byte that was sent must arrive.
"""

import mailbox
import os
import re

MAXIMUM = 2_000_000


def corpus(folder):
    """The mails below a folder: a file each, or a mailbox of many (mbox)."""
    found = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            if not os.path.isfile(path) or name == "cmds" or name.startswith("."):
                continue
            with open(path, "rb") as file:
                text = file.read(MAXIMUM + 1)
            if text.startswith(b"From ") and (os.path.getsize(path) > MAXIMUM or text.count(b"\n\nFrom ") > 0):
                found += [bytes(mail) for mail in mailbox.mbox(path, create=False)]
            elif text:
                # SpamAssassin's corpus keeps the line of the mailbox in front.
                found.append(re.sub(rb"\AFrom [^\n]*\n", b"", text)[:MAXIMUM])
    return found


def cases(folder):
    """Contents of the form of our cases: LF stands for CR LF, and signs for octets that an editor cannot show."""
    found = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".eml"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read().replace("\n", "\r\n")
        text = re.sub("⟨(\\d+)×u\\+([0-9a-fA-F]{4,6})⟩", lambda m: chr(int(m[2], 16)) * min(int(m[1]), 200_000), text)
        found.append(text.replace("␀", "\0").replace("␊", "\n").replace("␍", "\r").encode())
    return found


def lines_ended(text):
    """With CR LF at each end of a line, as a client must send it."""
    return re.sub(rb"\r\n|\r|\n", b"\r\n", text)


ODD = [
    b"\0", b"\r", b"\n", b"\r\r\n", b"\n.\n", b"\r\n.\r\r\n", b"\n.\r\n", b"\r.\r\n", b"\r\n..\r\n", b"\r\n.\r\n", b"\x1a", b"\xff\xfe",
    b"\x1b]0;x\x07", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xc0\xaf", b"=?utf-8?B?////?=", b"=?utf-8?q?" + b"=00" * 30 + b"?=",
    b"%s%n%x", b"\r\n \r\n\t\r\n", b":", b"\r\n:\r\n", b"(" * 500, b"<" * 500, b'"' * 501, b"\\" * 301, b"@" * 300, b"a" * 998, b"b" * 1001,
    b"c" * 70_000, b";" * 400, b"\r\n--b\r\n" * 60,
]
FIELDS = [
    b"Received: from a by b; x", b"From: <a@b>, c", b"From:", b"To: " + b"x@y.example, " * 300 + b"z@y.example",
    b"Content-Type: multipart/mixed; boundary=\"" + b"-" * 200 + b"\"", b"Content-Type: multipart/mixed; boundary=",
    b"Content-Transfer-Encoding: base64", b"DKIM-Signature: v=1; a=rsa-sha256; d=; s=;" + b" b=" * 300,
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=village.example; s=s1; h=" + b"from:" * 400 + b"; bh=AAAA; b=AAAA",
    b"Subject: " + b"x" * 5000, b"Subject:\r\n " + b" \r\n " * 200 + b"x", b"Bcc: hidden@village.example", b"Delivered-To: <a@b>",
    b"ARC-Authentication-Results: i=1; mx.soak.example; dkim=pass", b"Resent-From: a", b"X" * 900 + b": y", b"X-\xc3\xbc: y", b"Date: never",
    b"Message-ID: <<<>>>", b"Mime-Version: 999999999999999999999.0",
]


TAKEN = (b"returnpath", b"authenticationresults")


def renamed(text):
    """With other names for what some reader could take for a field that the last hop removes: signs, blanks, folds and comments in a name
    hide nothing."""
    parts = text.split(b":")
    for number, part in enumerate(parts[:-1]):
        begin = max((found.end() for found in re.finditer(rb"[\r\n\0](?![ \t\r\n])", part)), default=0)
        name = part[begin:]
        for one in (name, re.sub(rb"\([^()]*\)?", b"", name)):
            if re.sub(rb"[^a-z0-9]", b"", one.lower()) in TAKEN:
                parts[number] = part[:begin] + b"X-" + name
    return b":".join(parts)


def mutated(mail, random, others):
    """A mail with up to five faults."""
    text = bytearray(mail)
    for _ in range(random.choice((0, 1, 1, 2, 3, 5))):
        at = random.randrange(len(text) + 1)
        kind = random.randrange(12)
        if kind == 0 and text:
            for _ in range(random.randrange(1, 30)):
                text[random.randrange(len(text))] ^= 1 << random.randrange(8)
        elif kind == 1:
            del text[at:at + random.choice((1, 2, 10, 100, 5000))]
        elif kind == 2:
            part = bytes(text[at:at + random.choice((2, 20, 500))])
            text[at:at] = part * random.choice((1, 2, 50))
        elif kind in (3, 4, 5):
            text[at:at] = random.choice(ODD)
        elif kind in (6, 7):
            text[0:0] = (random.choice(FIELDS) + b"\r\n") * random.choice((1, 1, 2, 30, 120))
        elif kind == 8:
            text = text[:at]
        elif kind == 9:
            other = random.choice(others)
            text = text[:at] + bytearray(other[random.randrange(len(other) + 1):])
        elif kind == 10:
            text = text.replace(b"\r\n\r\n", random.choice((b"\r\n", b"\n\n", b"\r\r", b"\r\n\0\r\n", b"\r\n \r\n")), 1)
        else:
            text[at:at] = bytes(random.randrange(256) for _ in range(random.randrange(1, 400)))
        if len(text) > MAXIMUM:
            text = text[:MAXIMUM]
    return renamed(bytes(text))


WORDS = [
    b"EHLO", b"HELO x y", b"MAIL", b"MAIL FROM:", b"MAIL FROM:<>", b"MAIL FROM:<a@b.example> SIZE=99999999999999999999", b"RCPT TO:<>",
    b"RCPT TO:<u1@soak.example> NOTIFY=NEVER,SUCCESS", b"RCPT TO:<@a,@b:u1@soak.example>", b"RCPT TO:<\"a b\"@soak.example>", b"DATA x",
    b"BDAT", b"BDAT -1", b"BDAT 99999999999999999999 LAST", b"BDAT 1x", b"AUTH PLAIN", b"AUTH LOGIN =", b"*", b"STARTTLS x", b"VRFY u1",
    b"EXPN x", b"HELP", b"NOOP " + b"x" * 400, b"RSET x", b"XCLIENT ADDR=192.0.2.1", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2", b"GET / HTTP/1.1",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"", b" ", b"\0\0\0", b"\xff\xf4\xff\xfd\x06", b"A" * 600, b"B" * 5000, b"MAIL\tFROM:<a@b.example>",
    b"mail from:<\xc3\xbc@b.example> SMTPUTF8", b"RCPT TO:<\xed\xa0\x80@soak.example>", b"MAIL FROM:<a@b.example> BODY=9BIT", b"QUIT x",
    b"MAIL FROM:<" + b"a" * 65 + b"@b.example>", b"MAIL FROM:<a@" + b"b" * 250 + b".example>", b"\r", b"MAIL FROM:<a@b.example>\0",
]


def command(random):
    """A line of a client that means harm, or is broken."""
    word = bytearray(random.choice(WORDS))
    for _ in range(random.choice((0, 0, 1, 3))):
        word[random.randrange(len(word) + 1):0] = bytes((random.randrange(256),))
    return bytes(word) + random.choice((b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\0\r\n", b" \r\n"))
