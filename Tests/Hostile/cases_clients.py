"""What honest clients do that strict servers trip over."""

import smtplib
import ssl

from catalogue import case
from wire import PASSWORD, USER, Client, check

NAME = "clients"


def anonymous_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@case(NAME, "smtplib: a mail")
def plain(servers):
    with smtplib.SMTP("127.0.0.1", servers.plain.standard, "client.example", 20) as client:
        refused = client.sendmail("a@client.example", ["coco@test.example", "no@test.example"],
                                  "X-Mark: hostile-smtplib\n\n.leading dot\n")
    check(list(refused) == ["no@test.example"] and refused["no@test.example"][0] == 550, f"{refused}")
    check(servers.plain.mails("hostile-smtplib")[0][1] == b"X-Mark: hostile-smtplib\r\n\r\n.leading dot\r\n", "content differs")


@case(NAME, "smtplib: STARTTLS, login, send")
def login(servers):
    with smtplib.SMTP("127.0.0.1", servers.plain.submission, "client.example", 20) as client:
        client.starttls(context=anonymous_context())
        client.login(USER, PASSWORD)
        client.sendmail(USER, ["mike@test.example"], "X-Mark: hostile-login\n\nx\n")
    check(servers.plain.mails("hostile-login"), "the mail is not there")


@case(NAME, "smtplib: implicit TLS, wrong password")
def wrong(servers):
    with smtplib.SMTP_SSL("127.0.0.1", servers.plain.smtps, "client.example", timeout=20, context=anonymous_context()) as client:
        try:
            client.login(USER, "wrong")
            check(False, "logged in")
        except smtplib.SMTPAuthenticationError as error:
            check(error.smtp_code == 535, f"{error}")


@case(NAME, "smtplib: HELO, verify, noop, rset, help")
def verbs(servers):
    with smtplib.SMTP("127.0.0.1", servers.plain.standard, "client.example", 20) as client:
        check(client.helo()[0] == 250 and client.verify("coco")[0] == 252 and client.noop()[0] == 250, "refused")
        check(client.rset()[0] == 250 and client.docmd("HELP")[0] == 214, "refused")


def greets(name, *patterns, label=None):
    @case(NAME, f"EHLO {label or name}")
    def body(servers):
        with Client(servers.plain.submission) as client:
            client.say(f"EHLO {name}", *patterns)
            client.alive()


greets("localhost", "250")
greets("WIN-5JQ7", "250", label="with a NetBIOS name")
greets("my_laptop.local", "250", label="with an underscore")
greets("[127.0.0.1]", "250")
greets("[IPv6:::1]", "250")
greets("[IPv6:2001:db8:0:0:0:0:0:1]", "250")
greets("xn--bcher-kva.example", "250")
greets("client.example.", "250", "501", label="with a dot at its end")
greets("192.0.2.1", "250", "501", label="with a bare address")


@case(NAME, "half closed behind a whole mail: it is taken and answered")
def half_closed(servers):
    with Client(servers.plain.standard) as client:
        client.send(b"EHLO c.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<coco@test.example>\r\nDATA\r\n")
        for pattern in ("250", "250", "250", "354"):
            client.expect(pattern)
        client.send(b"X-Mark: hostile-half\r\n\r\n.\r\nQUIT\r\n").half_close()
        client.expect("250 2.0.0")
        client.expect("221")
        client.closed()
    check(len(servers.plain.mails("hostile-half")) == 1, "not taken once")


@case(NAME, "half closed behind a burst: every command is answered")
def half_closed_burst(servers):
    with Client(servers.plain.standard, greet=False) as client:
        client.send(b"EHLO c.example\r\nNOOP\r\nVRFY x\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<coco@test.example>\r\nQUIT\r\n")
        client.half_close()
        for pattern in ("220", "250", "250", "252", "250", "250", "221"):
            client.expect(pattern)
        client.closed()


@case(NAME, "half closed within a mail: nothing is kept, the session ends")
def half_closed_within(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().data().line("X-Mark: hostile-within").half_close()
        reply = client.reply(timeout=10)
        check(reply is None or reply.startswith("4"), f"{reply}")
    check(not servers.plain.mails("hostile-within"), "half a mail was taken")


@case(NAME, "half closed and idle: the session ends at once, not after the time-out")
def half_closed_idle(servers):
    with Client(servers.plain.standard) as client:
        client.ehlo().half_close()
        reply = client.reply(timeout=10)
        check(reply is None or reply.startswith("4"), f"{reply}")


@case(NAME, "the greeting waits for nobody, an early talker is answered all the same")
def early(servers):
    with Client(servers.plain.standard, greet=False) as client:
        client.send(b"EHLO client.example\r\n").expect("220")
        client.expect("250")
