"""The mails that all programs sign and verify: ordinary ones, and such as stand at the edges of RFC 6376 §3.4."""

TOP = (b"From: Ann Author <ann@example.org>\r\nTo: bob@example.net\r\nSubject: Minutes\r\n"
       b"Date: Thu, 1 Jan 2026 09:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n")
WORDS = b"The quick brown fox jumps over the lazy dog.\r\n"


def mail(body, header=TOP):
    return header + b"\r\n" + body


MAILS = {
    "plain": mail(b"Dear Bob,\r\n\r\nthat is all.\r\n"),
    "empty body": mail(b""),
    "body of empty lines": mail(b"\r\n\r\n\r\n"),
    "empty lines at the end": mail(WORDS + b"\r\n" * 5),
    "empty lines at the front": mail(b"\r\n" * 3 + WORDS),
    "blanks at ends of lines": mail(b"one \r\ntwo\t\r\nthree \t \r\n"),
    "runs of blanks and tabs": mail(b"a  b\tc \t d\r\n\ttab first\r\n  blanks first\r\n"),
    "lines of blanks alone": mail(b"one\r\n \r\n\t\r\ntwo\r\n"),
    "blanks alone at the end": mail(b"one\r\n \r\n\t\r\n"),
    "body of blanks alone": mail(b" \t \r\n"),
    "dots": mail(b".\r\n..\r\n.a\r\n"),
    "8-bit": mail("Grüße aus Köln, 你好\r\n".encode() + bytes(range(160, 256)) + b"\r\n"),
    "line of 5,000 bytes": mail(b"word " * 1000 + b"\r\n"),
    "300 KB": mail(WORDS * 6500),
    "multipart": mail(b"--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\n\r\nhello\r\n--x--\r\n",
                      TOP + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"x\"\r\n"),
    "folded fields": mail(WORDS, TOP + b"References: <a@example.org>\r\n <b@example.org>\r\n\t<c@example.org>\r\n"
                          b"Reply-To:\r\n ann@example.org\r\n"),
    "fields that come again": mail(WORDS, b"List-Id: <one.example.org>\r\n" + TOP + b"List-Id: <two.example.org>\r\n"
                                   b"List-Id: <three.example.org>\r\n"),
    "blanks in field values": mail(WORDS, TOP + b"Sender:  ann@example.org \t\r\nReply-To:\tann@example.org  \r\n"),
    "no blank behind the colon": mail(WORDS, TOP + b"Sender:ann@example.org\r\nCC:carol@example.net\r\n"),
    "empty field": mail(WORDS, TOP + b"Reply-To:\r\nSender: \r\n"),
    "8-bit field": mail(WORDS, TOP + "Sender: Jörg <ann@example.org>\r\n".encode()),
    # None of the mails from here on may be sent: RFC 5321 §2.3.8 and §4.1.1.4, RFC 5322 §2.1 and §2.2.
    "blank before the colon": mail(WORDS, TOP + b"Sender : ann@example.org\r\n"),
    "tab before the colon": mail(WORDS, TOP + b"Sender\t: ann@example.org\r\n"),
    "no CR LF at the end": mail(b"one\r\ntwo"),
    "no CR LF, blanks at the end": mail(b"one\r\ntwo \t"),
    "NUL in the body": mail(b"one\0two\r\n\0\r\n"),
    "NUL in a field": mail(WORDS, TOP + b"Sender: a\0nn@example.org\r\n"),
    "lone CR in the body": mail(b"one\rtwo\r\nthree\r\r\n"),
}
ODD = list(MAILS)[list(MAILS).index("blank before the colon"):]
FORMS = ["relaxed", "simple"]


def parts(content):
    """The fields, folding kept and CR LF at the end of each, and the body."""
    header, _, body = content.partition(b"\r\n\r\n")
    fields = []
    for line in header.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += line + b"\r\n"
        else:
            fields.append(line + b"\r\n")
    return fields, body
