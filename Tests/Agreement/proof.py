"""Why two programs disagree, proven rather than told: RFC 6376 written down as plainly as can be, beside it what a program does instead,
and a reason counts only when the digest in that program's own signature is the digest of just that."""
import base64, collections, hashlib, itertools, re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from mails import parts


def relaxed_body(body):
    # RFC 6376 §3.4.4: a CR LF that is missing is added; then the last line is a line, and loses the blanks at its end.
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    body = re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+\r\n", b"\r\n", body))
    body = re.sub(rb"(\r\n)+\Z", b"\r\n", body)
    return b"" if body == b"\r\n" else body


def simple_body(body):
    # RFC 6376 §3.4.3: a CR LF that is missing is added.
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return re.sub(rb"(\r\n)+\Z", b"\r\n", body)


def relaxed_field(field):
    name, _, value = field.partition(b":")
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" \t")
    return name.rstrip(b" \t").lower() + b":" + value + b"\r\n"


BODY = {"relaxed": relaxed_body, "simple": simple_body}
FIELD = {"relaxed": relaxed_field, "simple": lambda field: field}

# What programs do instead, and where RFC 6376 says otherwise.
OTHER_BODIES = {
    "simple": {
        "adds no CR LF where the body's last one is missing; §3.4.3: «If there is no body or no trailing CRLF on the message body, a CRLF "
        "is added»": lambda body: body,
    },
    "relaxed": {
        "takes the blanks off the last line but adds no CR LF to it; §3.4.4: «If the body is non-empty but does not end with a CRLF, a "
        "CRLF is added»": lambda body: body.rstrip(b" \t"),
        "adds the missing CR LF after it looked for blanks at ends of lines, and keeps one blank before it; §3.4.4 ignores all of them":
            lambda body: re.sub(rb"[ \t]+", b" ", body) + b"\r\n",
        "drops a CR that neither CR nor LF follows; §3.4.4 takes out blanks and empty lines, nothing else":
            lambda body: relaxed_body(re.sub(rb"\r(?![\r\n])", b"", body)),
    },
}
OTHER_FIELDS = {
    "ends a field at its first NUL, as C strings end; §3.4.2 does not": lambda field: field.split(b"\0")[0].removesuffix(b"\r\n") + b"\r\n",
}
OTHER_SIGNATURES = {
    "hashes its field as if `b=` stood behind a blank, then sends it behind CR LF and a tab; §3.7 has it hashed as it is sent":
        lambda field: field.replace(b"\r\n\tb=", b" b="),
}
# What programs say to a message that they do not take at all.
REFUSALS = {
    ("SwiftMTA", "a line of the header section is no field"):
        "judges no signature where a blank stands between a field's name and its colon: many readers begin the body there, and show text "
        "that nobody signed",
    ("SwiftMTA", "NUL in the header section"):
        "judges no signature where a field holds a NUL, which RFC 2045 §2.7 allows nowhere: readers cut the field there",
    ("dkimpy", "Unexpected characters in RFC822 header"):
        "takes no blank between a field's name and its colon; RFC 5322 §4.5 wants that obsolete form understood",
    ("opendkim", "Syntax error"):
        "takes no tab between a field's name and its colon, though it takes a blank; RFC 5322 §4.5 wants both understood",
    ("opendkim", "CRLF at end of body missing"):
        "refuses a body whose last line lacks its CR LF; §3.4.4: «a CRLF is added»",
}


class Proof:
    def __init__(self, made, mails, keys):
        """`made` has the signature fields, by (program, kind of key, mail, form of header, form of body)."""
        self.made, self.mails = made, mails
        self.keys = {kind: serialization.load_pem_private_key(pem, None).public_key() for kind, pem in keys.items()}

    def body_habit(self, job):
        """What the `bh=` of a signature is the digest of: None for what RFC 6376 says, the name of another habit, or False."""
        field, (_, _, mail, _, form) = self.made[job], job
        body = parts(self.mails[mail])[1]
        digest = base64.b64decode(re.sub(rb"\s", b"", re.search(rb"[;\s]bh=([^;]*)", field)[1]))
        if digest == hashlib.sha256(BODY[form](body)).digest():
            return None
        return next((name for name, other in OTHER_BODIES[form].items() if digest == hashlib.sha256(other(body)).digest()), False)

    def header_habits(self, job):
        """The same for what `b=` signs: how the fields of the mail are read, and how the signature's own is."""
        field, (_, kind, mail, form, _) = self.made[job], job
        signature = base64.b64decode(re.sub(rb"\s", b"", re.search(rb"[;\s]b=([^;]*)", field)[1]))
        same = lambda field: field
        for (name, other), (own_name, own) in itertools.product([(None, same), *OTHER_FIELDS.items()],
                                                                [(None, same), *OTHER_SIGNATURES.items()]):
            if self.signs(kind, signature, self.header(field, mail, form, other, own)):
                return name, own_name
        return False, False

    def header(self, field, mail, form, each, own):
        """What is signed, of §3.7."""
        fields = parts(self.mails[mail])[0]
        names = re.sub(rb"\s", b"", re.search(rb"[;\s]h=([^;]*)", field)[1]).lower().split(b":")
        text = b""
        for name in names:
            for index in reversed(range(len(fields))):
                if fields[index].partition(b":")[0].rstrip(b" \t").lower() == name:
                    text += FIELD[form](each(fields.pop(index)))
                    break
        bare = re.sub(rb"([;\s]b=)[^;]*", rb"\1", own(field).removesuffix(b"\r\n"))
        return text + FIELD[form](bare + b"\r\n").removesuffix(b"\r\n")

    def signs(self, kind, signature, text):
        try:
            if kind == "rsa":
                self.keys[kind].verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
            else:
                # RFC 8463 §3: the digest is what Ed25519 signs.
                self.keys[kind].verify(signature, hashlib.sha256(text).digest())
            return True
        except InvalidSignature:
            return False

    def reason(self, signer, verifier, job, verdict):
        """Whose doing it is, and what; nothing when that cannot be proven."""
        for (program, words), text in REFUSALS.items():
            if program == verifier and words in verdict:
                return program, text
        # How each of them reads this mail is told by the signature that it made itself; that of the signer is the one rejected.
        ours, theirs = (signer, *job), (verifier, *job)
        if theirs in self.made:
            body, header = self.body_habit(theirs), self.header_habits(theirs)[0]
        else:
            body = header = None
        signed_body, (signed_header, signed_own) = self.body_habit(ours), self.header_habits(ours)
        for signed, verified in ((signed_body, body), (signed_header, header)):
            if signed != verified and False not in (signed, verified):
                return (signer, signed) if signed else (verifier, verified)
        return (signer, signed_own) if signed_own else None

    def report(self, unsigned, rejected):
        """Prints each disagreement with its reason; gives the number of those that have none."""
        found, unknown = collections.defaultdict(collections.Counter), []
        for program, kind, mail, header, body, verdict in unsigned:
            text = next((text for (name, words), text in REFUSALS.items() if name == program and words in verdict), None)
            if text:
                found[program, text][mail, f"{program} does not sign"] += 1
            else:
                unknown.append((program, "does not sign", kind, mail, header, body, verdict))
        for signer, verifier, kind, mail, header, body, verdict in rejected:
            reason = self.reason(signer, verifier, (kind, mail, header, body), verdict)
            if reason:
                found[reason][mail, f"{signer} by {verifier}"] += 1
            else:
                unknown.append((signer, "rejected by " + verifier, kind, mail, header, body, verdict))
        print("| who differs | in what | seen with (signer by verifier: signatures) |\n|---|---|---|")
        for (program, text), places in sorted(found.items()):
            mails = collections.defaultdict(list)
            for (mail, pair), count in sorted(places.items()):
                mails[mail].append(f"{pair}: {count}")
            if len(mails) > 5:
                pairs = collections.Counter()
                for (_, pair), count in places.items():
                    pairs[pair] += count
                mails = {f"{len(mails)} mails": [f"{pair}: {count}" for pair, count in sorted(pairs.items())]}
            print(f"| {program} | {text} | " + "; ".join(f"{mail} ({', '.join(pairs)})" for mail, pairs in mails.items()) + " |")
        for one in unknown:
            print("\nUNEXPLAINED: " + ", ".join(map(str, one)), end="")
        print(f"\n{sum(sum(places.values()) for places in found.values())} explained, {len(unknown)} not.")
        return len(unknown)
