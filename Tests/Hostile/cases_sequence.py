"""Which verb may come when (RFC 5321 4.1.4, RFC 4954 4, RFC 3207 4)."""

from catalogue import case, dialogue
from wire import Client, check

NAME = "sequence"


@case(NAME, "nothing but EHLO, HELO, RSET, NOOP, VRFY, HELP, QUIT before EHLO")
def fresh(servers):
    with Client(servers.plain.standard) as client:
        for line in ("MAIL FROM:<a@client.example>", "RCPT TO:<coco@test.example>", "DATA", "AUTH PLAIN"):
            client.say(line, "503 5.5.1")
        for line in ("RSET", "NOOP", "HELP"):
            client.say(line, "2")
        client.say("HELO client.example", "250 ")


dialogue(NAME, "RCPT and DATA need MAIL", ("RCPT TO:<coco@test.example>", "503 5.5.1"), ("DATA", "503 5.5.1"))
dialogue(NAME, "DATA without an accepted recipient", ("MAIL FROM:<a@client.example>", "250"),
         ("RCPT TO:<nobody@test.example>", "550 5.1.1"), ("DATA", "554 5.5.1 There must be at least 1 acceptable recipient"))
dialogue(NAME, "MAIL in a transaction", ("MAIL FROM:<a@client.example>", "250"), ("MAIL FROM:<b@client.example>", "503 5.5.1"),
         ("RCPT TO:<coco@test.example>", "250"), ("MAIL FROM:<c@client.example>", "503 5.5.1"))
dialogue(NAME, "RSET forgets the transaction", ("MAIL FROM:<a@client.example>", "250"), ("RSET", "250 2.0.0"),
         ("RCPT TO:<coco@test.example>", "503 5.5.1"))
dialogue(NAME, "EHLO forgets the transaction", ("MAIL FROM:<a@client.example>", "250"), ("EHLO client.example", "250 "),
         ("RCPT TO:<coco@test.example>", "503 5.5.1"))
dialogue(NAME, "a refused EHLO changes nothing (RFC 5321 4.1.4)", ("MAIL FROM:<a@client.example>", "250"), ("EHLO [192.0.2.256]", "501"),
         ("RCPT TO:<coco@test.example>", "250"))
dialogue(NAME, "EHLO and HELO without a domain", ("EHLO", "501 5.5.2 Domain required after EHLO/HELO"),
         ("HELO ", "501 5.5.2 Domain required after EHLO/HELO"))
dialogue(NAME, "STARTTLS and AUTH in a transaction", ("MAIL FROM:<a@client.example>", "250"), ("STARTTLS", "503 5.5.1"),
         ("AUTH PLAIN", "503 5.5.1"))
dialogue(NAME, "arguments where none belong", ("DATA now", "501 5.5.4"), ("RSET x", "501 5.5.4"), ("QUIT x", "501 5.5.4"),
         ("STARTTLS x", "501 5.5.4"))
dialogue(NAME, "NOOP takes an argument (RFC 5321 4.1.1.9)", ("NOOP anything", "250 2.0.0"))
dialogue(NAME, "unknown verbs", ("FROB", "500 5.5.1"), ("MAILFROM:<a@b>", "500 5.5.1"), ("X", "500 5.5.1"))
dialogue(NAME, "VRFY and EXPN tell nothing", ("VRFY coco", "252 "), ("VRFY nobody", "252 "), ("EXPN list", "252 "))
dialogue(NAME, "DATA refused leaves the transaction", ("MAIL FROM:<a@client.example>", "250"), ("DATA", "554 5.5.1"),
         ("RCPT TO:<coco@test.example>", "250"))


@case(NAME, "no enhanced code on greeting and EHLO (RFC 2034)")
def greeting(servers):
    with Client(servers.plain.standard, greet=False) as client:
        check(client.reply().startswith("220 mx.test.example "), client.transcript())
        check(client.say("EHLO client.example", "250 ").startswith("250 mx.test.example\n"), client.transcript())
        check(client.say("HELO client.example", "250 ") == "250 mx.test.example", client.transcript())


@case(NAME, "nothing runs behind QUIT")
def after_quit(servers):
    with Client(servers.plain.standard) as client:
        client.send(b"QUIT\r\nNOOP\r\nEHLO x.example\r\n").expect("221 2.0.0")
        client.closed()


@case(NAME, "a pipelined transaction, answered in order")
def pipelined(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().send("RSET\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<coco@test.example>\r\nRCPT TO:<x@far.example>\r\nDATA\r\n")
        for pattern in ("250 2.0.0", "250 2.1.0", "250 2.1.5", "550 5.7.1", "354 "):
            client.expect(pattern)
        client.line("X-Mark: hostile-pipelined").line(".").expect("250 2.0.0")
    check(servers.plain.mails("hostile-pipelined")[0][2] == ["coco@test.example"], "wrong recipients")


@case(NAME, "pipelined DATA that is refused does not take what follows for content")
def refused_data(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().send("MAIL FROM:<a@client.example>\r\nRCPT TO:<no@test.example>\r\nDATA\r\nRSET\r\nNOOP\r\n")
        for pattern in ("250 2.1.0", "550 5.1.1", "554 5.5.1", "250 2.0.0", "250 2.0.0"):
            client.expect(pattern)


@case(NAME, "a second mail knows nothing of the first")
def second(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data(recipients=["coco@test.example", "mike@test.example"]).line(".").expect("250")
        client.say("RCPT TO:<coco@test.example>", "503")
        client.data(recipients=["mike@test.example"]).line("X-Mark: hostile-second").line(".").expect("250")
    check(servers.plain.mails("hostile-second")[0][2] == ["mike@test.example"], "wrong recipients")


@case(NAME, "commands that bring no mail are counted, and an accepted mail begins anew")
def without_mail(servers):
    with Client(servers.tight.standard) as client:
        client.ehlo()
        for _ in range(4):
            for _ in range(12):
                client.say("NOOP", "250 2.0.0")
            client.data().send(b"Subject: x\r\n\r\nx\r\n.\r\n").expect("250 2.0.0")
        for _ in range(20):
            client.say("RSET", "250 2.0.0")
        client.say("VRFY x", "421 4.7.0")
        client.closed()
