"""MAIL and RCPT: paths, local parts, parameters (R5, R6, R8)."""

from catalogue import case, dialogue
from wire import Client, check

NAME = "addresses"


def sender(name, path, *patterns):
    dialogue(NAME, name, ("MAIL FROM:" + path if isinstance(path, str) else b"MAIL FROM:" + path + b"\r\n", *patterns))


sender("the null sender", "<>", "250 2.1.0")
sender("a display name before the path", "Some One <a@client.example>", "250 2.1.0")
sender("a source route is stripped", "<@one.example,@two.example:a@client.example>", "250 2.1.0")
sender("a quoted local part", '<"a b@c>"@client.example>', "250 2.1.0")
sender("an address literal", "<a@[192.0.2.1]>", "250 2.1.0")
sender("an IPv6 literal", "<a@[IPv6:2001:db8::1]>", "250 2.1.0")
sender("a known AUTH parameter is taken (RFC 4954 5)", "<a@client.example> AUTH=<>", "250 2.1.0")
sender("AUTH with an xtext identity", "<a@client.example> AUTH=e+3Dmc2@example.com", "250 2.1.0")
sender("BODY and SIZE, lower case", "<a@client.example> body=8bitmime size=1000", "250 2.1.0")
sender("no path", "", "501 5.1.7 No proper sender")
sender("no brackets", "a@client.example", "501 5.1.7 No proper sender")
sender("an open bracket", "<a@client.example", "501 5.1.7 No proper sender")
sender("no domain", "<a>", "501 5.1.7 No proper sender")
sender("an empty domain", "<a@>", "501 5.1.7")
sender("an empty local part", "<@client.example>", "501 5.1.7")
sender("two at signs", "<a@b@client.example>", "501 5.1.7", "553 5.1.7")
sender("a domain that ends in a dot or begins with a hyphen", "<a@-client.example.>", "501 5.1.7")
sender("a literal that is no address", "<a@[999.1.1.1]>", "501 5.1.7")
sender("a literal without end", "<a@[192.0.2.1>", "501 5.1.7")
sender("a leading dot", "<.a@client.example>", "553 5.1.7 *cannot contain")
sender("a trailing dot", "<a.@client.example>", "553 5.1.7 *cannot contain")
sender("doubled dots", "<a..b@client.example>", "553 5.1.7 *cannot contain")
sender("a blank in the local part", "<a b@client.example>", "553 5.1.7 *cannot contain")
sender("brackets in the local part", "<a(b)c@client.example>", "553 5.1.7 *cannot contain")
sender("65 octets of local part (RFC 5321 4.5.3.1.1)", f"<{'a' * 65}@client.example>", "250 2.1.0")
sender("256 octets of local part", f"<{'a' * 256}@client.example>", "553 5.1.7", "501 5.1.7")
sender("a domain that ends in a dot", "<a@client.example.>", "250 2.1.0")
sender("a domain that ends in two dots", "<a@client.example..>", "501 5.1.7")
sender("a label of 64 octets", f"<a@{'b' * 64}.example>", "501 5.1.7")
sender("a domain of 256 octets", f"<a@{'.'.join(['b' * 50] * 6)}>", "501 5.1.7")
sender("UTF-8 without SMTPUTF8 (RFC 6531 3.5)", "<zoë@client.example>".encode(), "553 5.6.7", "550 5.6.7")
sender("UTF-8 in the domain without SMTPUTF8", "<a@bücher.example>".encode(), "553 5.6.7", "550 5.6.7", "501 5.1.7")
sender("something behind the path", "<a@client.example>x", "501 5.5.4", "501 5.1.7", "555 5.5.4")
sender("a second path", "<a@client.example> <b@client.example>", "555 5.5.4", "501 5.5.4")
sender("an unknown parameter", "<a@client.example> FOO=BAR", "555 5.5.4")
sender("SIZE without a number", "<a@client.example> SIZE=", "501 5.5.4")
sender("SIZE with a sign", "<a@client.example> SIZE=+5", "501 5.5.4")
sender("SIZE past 64 bits", "<a@client.example> SIZE=99999999999999999999", "552 5.3.4")
sender("SIZE of 21 digits", "<a@client.example> SIZE=000000000000000000001", "501 5.5.4")
sender("SIZE twice", "<a@client.example> SIZE=1 SIZE=2", "501 5.5.4")
sender("BODY of another kind", "<a@client.example> BODY=9BIT", "501 5.5.4", "555 5.5.4")
sender("a thousand brackets", "<" * 900, "501 5.1.7")
sender("a thousand source routes", "<" + ",".join(["@a.example"] * 80) + ":b@client.example>", "250", "501", "500")


def recipient(name, path, *patterns):
    dialogue(NAME, name, ("MAIL FROM:<a@client.example>", "250"), ("RCPT TO:" + path, *patterns))


recipient("postmaster without a domain, any case", "<PostMaster>", "250 2.1.5")
recipient("postmaster at a local domain, any case", "<POSTMASTER@Test.Example>", "250 2.1.5")
recipient("a member in capitals", "<COCO@TEST.EXAMPLE>", "250 2.1.5")
recipient("a member by a quoted local part", '<"coco"@test.example>', "250 2.1.5")
recipient("a member by a source route", "<@test.example,@mx.test.example:coco@test.example>", "250 2.1.5")
recipient("a member by a domain that ends in a dot", "<coco@test.example.>", "250 2.1.5")
recipient("an empty recipient", "<>", "501 5.1.3 No proper recipient")
recipient("a bare word", "<coco>", "501 5.1.3 No proper recipient")
recipient("a faulty local part", "<.coco@test.example>", "553 5.1.3 *cannot contain")
recipient("an unknown user", "<nobody@test.example>", "550 5.1.1")
recipient("an unknown parameter of RCPT", "<coco@test.example> FOO=BAR", "555 5.5.4")
recipient("a NUL-like escape stays text", "<coco%00@test.example>", "550 5.1.1")


@case(NAME, "the same recipient in five spellings is one parcel")
def once(servers):
    spellings = ["coco@test.example", "COCO@test.example", '"coco"@test.example', "coco@TEST.example", "CoCo@Test.Example"]
    with Client(servers.plain.standard) as client:
        client.ehlo().data(recipients=spellings).line("X-Mark: hostile-once").line(".").expect("250")
    check(len(servers.plain.mails("hostile-once")[0][2]) == 1, "more than one parcel")
