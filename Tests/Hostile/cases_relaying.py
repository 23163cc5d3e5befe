"""Nobody gets mail through to strangers but those who may (R7, R12), whatever the address looks like."""

from catalogue import case
from wire import USER, Client, check

NAME = "relaying"

TRICKS = ["b@far.example", "b%far.example@test.example", "b%far.example@localhost", "far.example!b@test.example", '"b@far.example"@test.example',
          '"b@far.example"', "@test.example:b@far.example", "@mx.test.example,@test.example:b@far.example", "b@far.example@test.example",
          "b@[127.0.0.1]", "coco@[127.0.0.1]", "b@localhost", "b@mx.test.example", "coco@test.example.far.example", "coco@sub.test.example",
          "coco@test.example.far.example.", '"coco@test.example"@far.example', "postmaster@far.example", "b%far.example", "<b@far.example>"]


def trick(port, sender, tricks):
    @case(NAME, f"{tricks[0]} and its like get no stranger through the {port} port as {sender or 'the null sender'}")
    def body(servers):
        with Client(getattr(servers.plain, port), source="127.0.3.2") as client:
            client.ehlo().say(f"MAIL FROM:<{sender}>", "250")
            for recipient in tricks:
                client.say(f"RCPT TO:<{recipient}>", "550", "553", "501")
            client.say("DATA", "554 5.5.1")


for port, sender in (("standard", "b@far.example"), ("standard", ""), ("internal", "coco@test.example"), ("internal", "")):
    trick(port, sender, TRICKS[:10])
    trick(port, sender, TRICKS[10:])


@case(NAME, "strangers get the founders' words")
def words(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().say("MAIL FROM:<a@client.example>", "250")
        client.say("RCPT TO:<b@far.example>", "550 5.7.1 *does not support relaying")


@case(NAME, "a member's name does not open the standard port")
def member(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().say(f"MAIL FROM:<{USER}>", "550 5.7.1 *members must use port")
        client.say("MAIL FROM:<COCO@TEST.EXAMPLE>", "550 5.7.1 *members must use port")
        client.say('MAIL FROM:<"coco"@test.example>', "550 5.7.1 *members must use port")
        client.say("MAIL FROM:<@x.example:coco@test.example>", "550 5.7.1 *members must use port")


@case(NAME, "the submission port wants members, logged in and encrypted")
def submission(servers):
    with Client(servers.plain.submission) as client:
        client.ehlo().say("MAIL FROM:<a@client.example>", "550 5.7.1 Non *members must use port")
        client.say(f"MAIL FROM:<{USER}>", "530 5.7.0 Traffic on port * must be authenticated")
        client.say("MAIL FROM:<>", "530 5.7.0 Traffic on port * must be authenticated")
        client.starttls().say(f"MAIL FROM:<{USER}>", "530 5.7.0")


@case(NAME, "a login sends in its own name alone")
def owner(servers):
    with Client(servers.plain.submission) as client:
        client.ehlo().starttls().auth()
        client.say("MAIL FROM:<mike@test.example>", "550 5.7.1")
        client.say("MAIL FROM:<a@client.example>", "550 5.7.1")
        client.say("MAIL FROM:<postmaster@test.example>", "550 5.7.1")
        client.envelope(USER, ["b@far.example", "mike@test.example"])


@case(NAME, "the internal port trusts its networks only")
def internal(servers):
    with Client(servers.plain.internal) as client:
        client.ehlo().say("MAIL FROM:<a@client.example>", "550 5.7.1 Non *members must use port")
        client.envelope(USER, ["b@far.example"])
    with Client(servers.plain.internal, source="127.0.3.3") as client:
        client.ehlo().say(f"MAIL FROM:<{USER}>", "250")
        client.say("RCPT TO:<b@far.example>", "550 5.7.1")


@case(NAME, "trust does not reach the other ports")
def other_ports(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().say("MAIL FROM:<>", "250")
        client.say("RCPT TO:<b@far.example>", "550 5.7.1")


@case(NAME, "domains without a route are refused (R16)")
def routes(servers):
    with Client(servers.plain.internal) as client:
        client.ehlo().say(f"MAIL FROM:<{USER}>", "250")
        client.say("RCPT TO:<b@nowhere.example>", "550 5.1.2")
        client.say("RCPT TO:<b@nullmx.example>", "556 5.1.10")
        client.say("RCPT TO:<b@broken.example>", "250 2.1.5", timeout=40)


@case(NAME, "EHLO's domain must exist at the standard port (R4)")
def ehlo(servers):
    with Client(servers.tight.standard, source="127.0.3.4") as client:
        client.say("EHLO nowhere.invalid", "550 5.7.1 *was not found in the DNS system")
        client.say("EHLO [127.0.3.4]", "250 ")
        client.say("HELO client.example", "250 ")
        client.say("EHLO broken.example", "451 4.4.3", timeout=40)
    with Client(servers.tight.submission, source="127.0.3.4") as client:
        client.say("EHLO nowhere.invalid", "250 ")


@case(NAME, "a mail from a submission carries no other's Bcc and completes its header")
def completes(servers):
    with Client(servers.plain.submission) as client:
        client.ehlo().starttls().auth().data(USER, ["mike@test.example", "b@far.example"])
        client.line("X-Mark: hostile-complete").line("").line(".").expect("250 2.0.0")
    trace, _, recipients = servers.plain.mails("hostile-complete")[0]
    check(b"with ESMTPSA id" in trace and b"\r\nDate: " in trace and b"\r\nMessage-ID: <" in trace, f"{trace!r}")
    check(b"mike@" not in trace and b"far.example" not in trace, "one recipient is told of another")
    check(sorted(recipients) == ["b@far.example", "mike@test.example"], f"{recipients}")
